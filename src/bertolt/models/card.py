"""The model card: what a stranger must know before using a model folder."""

from __future__ import annotations

from bertolt.models.engine_record import EngineRecord
from bertolt.models.spec import FolderRecord, Repeats


def model_card(name: str, record: FolderRecord) -> str:
    """The folder's README.md, with the front matter that the Hub reads."""
    spec = record.spec
    lines = [
        "---",
        "library_name: transformers",
        f"pipeline_tag: {spec.task}",
        "tags: [bertolt]",
        "---",
        "",
        f"# {name}",
        "",
        _made_from(record),
        "",
        "## What it answers",
        "",
        f"- Labels: {', '.join(f'`{label}`' for label in spec.labels) or 'none'}",
        f"- Texts of up to {spec.max_length} tokens, special ones included; {_LONG[spec.long]}",
        f"- Probabilities: {spec.activation}, temperature {spec.temperature:.3f} folded into the last layer",
        "",
        "## What it was trained on",
        "",
        _training(record),
        "",
        "## How good it is",
        "",
        *_table(record),
        *_engine(record.engine),
        "",
        "## Use",
        "",
        "```python",
        "import bertolt",
        f'bertolt.pipeline("{name}")("…")',
        "```",
        "",
        "Limits: it repeats what its training texts taught, their errors and prejudices included; texts of "
        "another kind, language or time may be judged worse than the figures above say.",
        "",
    ]
    return "\n".join(lines)


def _made_from(record: FolderRecord) -> str:
    if record.trained_by == "others":
        return f"A model for **{record.spec.task}**: `{record.backbone}`, which others trained."
    version = record.versions.get("bertolt", "")
    return f"A model for **{record.spec.task}**, fine-tuned from `{record.backbone}` with bertolt {version}."


def _training(record: FolderRecord) -> str:
    if record.trained_by == "others":
        return "Others trained it. Their card, where there is one, is README.source.md; its licence holds."
    parts = ", ".join(f"{count:,} {split}" for split, count in record.examples.items() if count)
    return f"{parts} examples (fingerprint `{record.data}`), seed {record.seed}, {record.threads} threads."


def _engine(engine: EngineRecord | None) -> list[str]:
    """What an exported folder adds: the engine, and what its gate found."""
    if engine is None:
        return []
    parity, loss = engine.parity, engine.loss
    lines = [
        "",
        "## How it is run",
        "",
        f"Exported for ONNX Runtime in {engine.precision} (`{engine.file}`; `model.safetensors` is the same "
        f"network for torch). In fp32, on {parity.rows:,} texts, the largest difference from torch was "
        f"{parity.largest:.1e} in probability.",
    ]
    if loss is not None:
        interval = f"95% interval {100 * loss.low:.2f} to {100 * loss.high:.2f}"
        lines += [
            "",
            f"8 bits ({engine.quantisation}) cost {100 * loss.loss:.2f} points of {loss.metric} ({interval}) "
            f"on {loss.rows:,} labelled rows, of which {loss.flips:,} have another answer. The figures above "
            "are those of fp32.",
        ]
    if not engine.free_of_batch_mates:
        lines += [
            "",
            "**Results depend on the texts that are computed in the same batch**, in probability by up to "
            f"{engine.batch_mates.largest:.2g}.",
        ]
    return lines


_LONG = {
    "head": "of longer ones the beginning is read",
    "tail": "of longer ones the end is read",
    "head+tail": "of longer ones the beginning and the end are read",
    "windows": "longer ones are read whole, in windows",
}


def _figure(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"


def _table(record: FolderRecord) -> list[str]:
    if not record.metrics:
        return ["Not measured."]
    rows = [
        f"| {name} | {_figure(entry['value'])} | {_interval(entry['low'], entry['high'])} |"
        for name, entry in record.metrics.items()
    ]
    title = f"On the {record.measured_on} examples, with 95% bootstrap intervals:"
    if record.measured_on == "folds":
        title = (
            "Cross-validated, with 95% bootstrap intervals: each example was judged by a model that was "
            "trained without it; this model was then trained in the same way on all of them:"
        )
    return [title, "", "| metric | value | interval |", "|---|---|---|", *rows, *_spread(record.repeats)]


def _interval(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{_figure(low)} to {_figure(high)}"


def _spread(repeats: Repeats | None) -> list[str]:
    if repeats is None:
        return []
    rows = [
        f"| {name} | {_figure(found.mean)} | {_figure(found.std)} | {_figure(found.least)} to "
        f"{_figure(found.greatest)} |"
        for name, found in repeats.spread.items()
    ]
    title = f"How the figures vary over {len(repeats.runs)} {repeats.kind}:"
    return ["", title, "", "| metric | mean | standard deviation | range |", "|---|---|---|---|", *rows]
