"""Makes the tables of the README out of benchmarks/results, between its markers.

python -m benchmarks.tables            # rewrites README.md
python -m benchmarks.tables --check    # exits 1 where README.md is not what the results say
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- results: begin -->\n", "<!-- results: end -->"

Cells = dict[str, dict[str, Any]]


def cells(study: str) -> Cells:
    """The lines of a study by cell; empty where it has not been run."""
    file = RESULTS / f"{study}.jsonl"
    if not file.is_file():
        return {}
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {line["cell"]: line for line in lines}


def figures(cell: dict[str, Any], variant: str) -> dict[str, Any]:
    """The figures of one variant: medians of its runs."""
    found: dict[str, Any] = cell["variants"][variant]["figures"]
    return found


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """Markdown, with a blank line behind it."""
    lines = [head, tuple("---" for _ in head), *rows]
    return [*(f"| {' | '.join(line)} |" for line in lines), ""]


def speed(study: Cells) -> list[str]:
    """Bertolt beside transformers."""
    rows: list[tuple[str, ...]] = []
    if "train-steps" in study:
        ours = figures(study["train-steps"], "bertolt")["examples_per_second"]
        for variant, name in (
            ("trainer-default", "Trainer, as its examples set it up"),
            ("trainer-best", "Trainer, grouped by length, no attention dropout"),
        ):
            theirs = figures(study["train-steps"], variant)["examples_per_second"]
            rows.append((f"training, examples a second: {name}", *_ratio(ours, theirs)))
    for cell, name in (("predict-short", "1,000 sentences"), ("predict-long", "300 long reviews")):
        if cell in study:
            ours = figures(study[cell], "bertolt")["texts_per_second"]
            peers = {
                variant: figures(study[cell], variant)["texts_per_second"]
                for variant in study[cell]["variants"]
                if variant != "bertolt"
            }
            best = max(peers, key=lambda variant: peers[variant])
            size = best.rpartition("-")[2]
            rows.append(
                (f"prediction, texts a second, {name}: pipeline at batch {size}", *_ratio(ours, peers[best]))
            )
    return table(("beside transformers, fp32", "Bertolt", "transformers", "ratio"), rows) if rows else []


def _ratio(ours: float, theirs: float) -> tuple[str, str, str]:
    return f"{ours:,.1f}", f"{theirs:,.1f}", f"{ours / theirs:.2f}"


def accuracy(study: Cells) -> list[str]:
    """One epoch of ours beside two of the Trainer's, on the same 1,000 test sentences."""
    if not {"trainer-two-epochs", "one-epoch-seed-1", "one-epoch-seed-2"} <= set(study):
        return []
    pair = study["trainer-two-epochs"]
    lines = [pair, study["one-epoch-seed-1"], study["one-epoch-seed-2"]]
    runs = [figures(line, "bertolt") for line in lines]
    values = [run["metrics"]["accuracy"]["value"] for run in runs]
    theirs = figures(pair, "trainer-default")
    seconds = statistics.median(line["variants"]["bertolt"]["seconds"] for line in lines)
    their_seconds = pair["variants"]["trainer-default"]["seconds"]
    rows = [
        (
            "Bertolt, 1 epoch, 3 seeds",
            f"{statistics.mean(values):.1%} ({min(values):.1%} to {max(values):.1%})",
            f"{seconds:,.0f}",
        ),
        ("transformers' Trainer, 2 epochs", f"{theirs['accuracy']:.1%}", f"{their_seconds:,.0f}"),
    ]
    return table(("Rotten Tomatoes, 1,000 test sentences", "accuracy", "seconds in all"), rows)


TASKS = (
    ("ewt-upos", "part of speech, EWT", ("word_accuracy",)),
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
    for data in ("cola", "mrpc"):
        seeds = [study[name] for name in sorted(study) if name.startswith(f"{data}-seed-")]
        if seeds:
            metric = "matthews" if data == "cola" else "f1"
            values = [figures(line, "bertolt")["metrics"][metric]["value"] for line in seeds]
            name = "grammaticality, CoLA" if data == "cola" else "paraphrases, MRPC"
            rows.append((name, metric, f"{statistics.mean(values):.3f} (mean of {len(values)} seeds)", ""))
    for cell, name, metrics in TASKS:
        for metric in metrics:
            if cell in study:
                found = figures(study[cell], "bertolt")["metrics"].get(metric)
                if found:
                    interval = f"{found['low']:.3f} to {found['high']:.3f}"
                    rows.append((name, metric, f"{found['value']:.3f}", interval))
    return table(("task, `minilm`, held-out part", "metric", "value", "95% interval"), rows) if rows else []


def main() -> int:
    """Rewrites or checks the README."""
    study = cells("speed-fp32")
    machine = next(iter(study.values()), {})
    intro = (
        [f"Measured on {machine['cores']} cores ({machine['processor']}); ratios travel, seconds do not.", ""]
        if machine
        else []
    )
    text = "\n".join([*intro, *speed(study), *accuracy(study), *tasks(cells("tasks-accuracy"))])
    readme = ROOT / "README.md"
    old = readme.read_text(encoding="utf-8")
    start, rest = old.split(BEGIN)
    new = start + BEGIN + text.rstrip() + "\n" + END + rest.split(END)[1]
    if "--check" in sys.argv:
        return int(new != old)
    readme.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
