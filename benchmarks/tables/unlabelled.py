"""What unlabelled reviews are worth beside few labels."""

from __future__ import annotations

import statistics

from benchmarks.tables.cells import Cells, Line, table

#: Rows of the table: the beginning of a cell's name, and what it is.
WAYS = (
    ("bag-of-words", "bag of words, logistic regression"),
    ("embeddings", "frozen embeddings, logistic regression"),
    ("setfit", "SetFit, the package"),
    ("fine-tuning", "fine-tuning"),
    ("few-shot", "`--method few-shot`, no pool"),
    ("adapt", "`--method adapt`"),
    ("consistency", "`--method consistency`"),
    ("rounds-3-consistency-0", "three students, no consistency: `--set rounds=3 --set consistency=0`"),
    ("default", "`--unlabelled` alone"),
)
COUNTS = (20, 100, 2500)


def reviews(study: Cells) -> list[str]:
    """Errors by number of labels: the mean over draws, the lowest and the highest, log loss and seconds."""
    rows: list[tuple[str, ...]] = []
    for way, name in WAYS:
        draws = [_draws(study, way, count) for count in COUNTS]
        if any(draws):
            few = [line for lines in draws[:2] for line in lines]
            rows.append((name, *map(_errors, draws), _log_losses(draws[0]), _seconds(few)))
    head = ("2,000 test reviews: error", *(f"{count:,} labels" for count in COUNTS))
    return table((*head, "log loss, 20 labels", "seconds in all, 20 and 100 labels"), rows)


def _draws(study: Cells, way: str, count: int) -> list[Line]:
    return [line for cell, line in study.items() if cell.rpartition("-")[0] == f"{way}-{count}"]


def _figure(line: Line, name: str) -> float:
    """``error`` or ``log_loss``; Bertolt gives metrics, and accuracy among them."""
    (variant,) = line["variants"].values()
    found = variant["figures"]
    if "metrics" not in found:
        return float(found[name])
    metrics = found["metrics"]
    return 1 - metrics["accuracy"]["value"] if name == "error" else float(metrics[name]["value"])


def _errors(lines: list[Line]) -> str:
    if not lines:
        return ""
    errors = [_figure(line, "error") for line in lines]
    if len(errors) == 1:
        return f"{errors[0]:.1%}"
    return f"{statistics.mean(errors):.1%} ({min(errors):.1%} to {max(errors):.1%})"


def _log_losses(lines: list[Line]) -> str:
    return f"{statistics.mean(_figure(line, 'log_loss') for line in lines):.2f}" if lines else ""


def _seconds(lines: list[Line]) -> str:
    """The mean, by machine: seconds of different machines have no mean."""
    machines: dict[str, list[float]] = {}
    for line in lines:
        where = line.get("accelerator") or ("1 core" if line["cores"] == 1 else f"{line['cores']} cores")
        machines.setdefault(where, []).append(float(line["seconds"]))
    return "; ".join(f"{statistics.mean(found):,.0f} ({where})" for where, found in machines.items())
