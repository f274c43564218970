"""``bertolt models``: which pre-trained models can be named."""

from __future__ import annotations

import sys
from dataclasses import asdict

from bertolt.cli.options import Json
from bertolt.cli.output import print_json, print_table
from bertolt.models.backbone import WELL_KNOWN
from bertolt.models.packaged import PACKAGED, PackagedModel


def models(*, json: Json = False) -> None:
    """List the pre-trained models that --model can name.

    The packaged ones need no network once their extra is installed; "tokens" is the longest text that a
    model reads at once. Besides those listed, any folder that transformers saved and any Hub id of a
    BERT-like encoder works; a Hub id is the only thing for which Bertolt uses the network. `bertolt describe
    MODEL` says what a folder or a Hub id is; classifiers that others trained are used as they are.

    \b
    Example:
      bertolt models
      bertolt train reviews.csv --model mpnet --epochs 1 --lr 3e-5
    """
    if json:
        print_json({"packaged": {name: asdict(model) for name, model in PACKAGED.items()}, "hub": WELL_KNOWN})
        return
    print_table([_HEADER, *(_row(model) for model in PACKAGED.values())], right=range(3, 6))
    sys.stdout.write("speed: texts a second in training and prediction on a processor, minilm's being 1.\n\n")
    print_table([(name, f"Hub id; {text}") for name, text in WELL_KNOWN.items()])
    sys.stdout.write(
        "Also: a folder that transformers saved, or any other Hub id of a BERT-like encoder.\n"
        "What is OWNER/NAME? bertolt describe OWNER/NAME\n"
    )


_HEADER = ("name", "model", "install", "parameters", "tokens", "speed", "languages")


def _row(model: PackagedModel) -> tuple[str, ...]:
    return (
        model.name,
        model.published,
        f"bertolt[{model.extra}]",
        f"{model.parameters / 1e6:.1f} M",
        f"{model.max_tokens}",
        f"{model.speed:.2f}",
        model.languages,
    )
