"""``bertolt models``: which pre-trained models can be named."""

from __future__ import annotations

import sys

from bertolt.cli.options import Json
from bertolt.cli.output import print_json, print_table
from bertolt.models.backbone import PACKAGED, WELL_KNOWN


def models(*, json: Json = False) -> None:
    """List the pre-trained models that --model can name.

    Besides those listed, any folder that transformers saved and any Hub id of a BERT-like encoder works;
    a Hub id is the only thing for which Bertolt uses the network.

    \b
    Example:
      bertolt models
      bertolt train reviews.csv --model distilbert-base-uncased
    """
    if json:
        print_json({"packaged": PACKAGED, "hub": WELL_KNOWN})
        return
    rows = [(name, "packaged", text) for name, text in PACKAGED.items()]
    rows += [(name, "Hub", text) for name, text in WELL_KNOWN.items()]
    print_table(rows)
    sys.stdout.write("Also: a folder that transformers saved, or any other Hub id of a BERT-like encoder.\n")
