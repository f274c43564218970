"""What every task reaches on real data, and beside transformers' Trainer."""

from __future__ import annotations

import statistics

from benchmarks.tables.cells import Cells, figures, seeds_of, shown, table

SEEDED = (
    ("cola", "grammaticality, CoLA", "matthews"),
    ("mrpc", "paraphrases, MRPC", "f1"),
)
TASKS = (
    ("ewt-upos-4-epochs", "part of speech, EWT", ("word_accuracy",)),
    ("wnut", "entities, WNUT-17", ("span_f1",)),
    ("goemotions", "28 emotions, GoEmotions", ("macro_f1", "macro_f1_at_half")),
    ("rte", "entailment, RTE", ("accuracy",)),
    ("snli", "inference, SNLI", ("accuracy",)),
    ("squad-1.1", "questions, SQuAD 1.1 articles", ("exact_match", "f1")),
    ("squad-2.0", "questions, SQuAD 2.0 articles", ("exact_match", "f1")),
)


def tasks(study: Cells) -> list[str]:
    """Every task on real data."""
    rows: list[tuple[str, ...]] = []
    for data, name, metric in SEEDED:
        seeds = seeds_of(study, data)
        if seeds:
            values = [figures(line, "bertolt")["metrics"][metric]["value"] for line in seeds]
            rows.append((name, metric, f"{statistics.mean(values):.3f} (mean of {len(values)} seeds)", ""))
    for cell, name, metrics in TASKS:
        for metric in metrics:
            found = figures(study[cell], "bertolt")["metrics"].get(metric) if cell in study else None
            if found:
                interval = f"{found['low']:.3f} to {found['high']:.3f}"
                rows.append((name, metric, f"{found['value']:.3f}", interval))
    return table(("task, `minilm`, held-out part", "metric", "value", "95% interval"), rows)


def task_pairs(pairs: Cells) -> list[str]:
    """Bertolt less the Trainer."""
    rows = [
        (
            line["cell"].partition("-")[0].upper(),
            line["metric"],
            f"{line['bertolt']:.3f}",
            f"{line['trainer']:.3f}",
            shown(line["difference"], "+.3f"),
        )
        for line in pairs.values()
    ]
    return table(("data", "metric", "Bertolt", "Trainer", "difference, 95% interval"), rows)


def agreement(study: Cells) -> list[str]:
    """The fast attributions beside the reference."""
    names = ("spearman", "deletion", "deletion_reference", "deletion_random")
    rows: list[tuple[str, ...]] = []
    for cell, line in study.items():
        if cell.startswith("points-"):
            found = figures(line, "fast")
            rows.append((cell.removeprefix("points-"), *(shown(found[name]) for name in names)))
    head = ("steps", "rank correlation", "deletion: fast", "reference", "random order")
    return table(head, sorted(rows))
