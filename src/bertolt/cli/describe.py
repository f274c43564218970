"""``bertolt describe``: what a model is, and what can be done with it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from bertolt.cli.options import Folder, Json
from bertolt.cli.output import print_json, print_table

if TYPE_CHECKING:
    from bertolt.inference.describe import Description

_SHOWN_LABELS = 12
_WEIGHTS = {
    "safetensors": "safetensors: safe, they hold numbers alone",
    "bin": ".bin: read as plain tensors; code in them is not run",
    "none": "none that bertolt reads (safetensors or .bin)",
}


def describe(model: Folder, *, json: Json = False) -> None:
    """Say what a model is: task, labels, size, languages, licence, and what bertolt can do with it.

    Nothing is loaded. Of a model on the Hub only small files are downloaded: configuration, card, and the
    headers of the weights.

    \b
    Example:
      bertolt describe models/reviews
      bertolt describe distilbert/distilbert-base-uncased-finetuned-sst-2-english
      bertolt describe owner/name@v1.0 --json
    """
    from bertolt.inference.describe import describe as run

    found = run(model)
    if json:
        print_json(found.to_dict())
    else:
        _show(found)


def _show(found: Description) -> None:
    labels = ", ".join(found.labels[:_SHOWN_LABELS])
    more = len(found.labels) - _SHOWN_LABELS
    rows = [
        ("where", found.where),
        ("made by", "bertolt" if found.made_by == "bertolt" else "others"),
        ("task", found.task or "none: it has no head for a task of bertolt"),
        ("labels", (labels + (f" and {more} more" if more > 0 else "")) or "none"),
        ("family", f"{found.family} ({found.architecture or 'no architecture named'})"),
        ("parameters", "not known without loading" if found.parameters is None else f"{found.parameters:,}"),
        ("longest text", "not stated" if found.max_length is None else f"{found.max_length:,} tokens"),
        ("languages", ", ".join(found.languages) or "not stated"),
        ("licence", found.licence or "not stated"),
        ("weights", _WEIGHTS[found.weights]),
        ("own code", "yes (auto_map): bertolt never runs it" if found.own_code else "none"),
    ]
    if found.data is not None:
        rows.append(("training data", f"fingerprint {found.data}"))
    rows += [(f"  {name}", _figure(entry)) for name, entry in found.metrics.items()]
    print_table(rows)
    for note in found.notes:
        sys.stdout.write(f"note: {note}\n")
    sys.stdout.write("\nbertolt can:\n")
    print_table(list(found.verbs.items()), indent=2)


def _figure(entry: object) -> str:
    values = dict(entry) if isinstance(entry, dict) else {}
    value, low, high = (values.get(name) for name in ("value", "low", "high"))
    shown = "undefined" if value is None else f"{value:.4f}"
    return shown if low is None or high is None else f"{shown} ({low:.4f} to {high:.4f})"
