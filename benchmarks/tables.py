"""Makes the tables of the README and of the pages out of benchmarks/results, between their markers.

python -m benchmarks.tables            # rewrites the pages
python -m benchmarks.tables --check    # exits 1 where a page is not what the results say
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- results{name}: begin -->\n", "<!-- results{name}: end -->"

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


def task_pairs(pairs: Cells) -> list[str]:
    """Bertolt less the Trainer."""
    rows: list[tuple[str, ...]] = []
    for line in pairs.values():
        low, high = line["difference"]["low"], line["difference"]["high"]
        rows.append(
            (
                line["cell"].partition("-")[0].upper(),
                line["metric"],
                f"{line['bertolt']:.3f}",
                f"{line['trainer']:.3f}",
                f"{line['difference']['value']:+.3f} ({low:+.3f} to {high:+.3f})",
            )
        )
    head = ("data", "metric", "Bertolt", "Trainer", "difference, 95% interval")
    return table(head, rows) if rows else []


def task_speed(study: Cells) -> list[str]:
    """Training steps of tasks beside the Trainer's."""
    rows: list[tuple[str, ...]] = []
    for cell, name in (("cola-steps", "CoLA"), ("mrpc-steps", "MRPC"), ("wnut-steps", "WNUT-17")):
        if cell in study:
            rates = [figures(study[cell], each)["examples_per_second"] for each in ("bertolt", "trainer")]
            rows.append((name, *_ratio(*rates)))
    head = ("40 steps of 32, examples a second", "Bertolt", "Trainer", "ratio")
    return table(head, rows) if rows else []


def long_documents(study: Cells, pairs: Cells) -> list[str]:
    """What each way to read long reviews is worth."""
    rows: list[tuple[str, ...]] = []
    for policy in ("head", "tail", "head+tail", "windows"):
        if policy in study:
            found = figures(study[policy], "bertolt")["metrics"]["accuracy"]
            pair = pairs.get(f"long-{policy}-less-head-accuracy")
            less = pair["difference"] if pair else None
            rows.append(
                (
                    f"`{policy}`",
                    f"{found['value']:.1%} ({found['low']:.1%} to {found['high']:.1%})",
                    f"{100 * less['value']:+.1f} ({100 * less['low']:+.1f} to {100 * less['high']:+.1f})"
                    if less
                    else "",
                )
            )
    head = ("`--long`, 128 tokens", "accuracy, 2,000 reviews", "points above `head`, paired")
    return table(head, rows) if rows else []


def agreement(study: Cells) -> list[str]:
    """The fast attributions beside the reference."""
    rows: list[tuple[str, ...]] = []
    for cell in study.values():
        if cell["cell"].startswith("points-"):
            found = figures(cell, "fast")
            names = ("spearman", "deletion", "deletion_reference", "deletion_random")
            shown = [f"{found[name]['value']:.3f} ({found[name]['low']:.3f} to {found[name]['high']:.3f})"
                     for name in names]  # fmt: skip
            rows.append((cell["cell"].removeprefix("points-"), *shown))
    head = ("steps", "rank correlation", "deletion: fast", "reference", "random order")
    return table(head, sorted(rows)) if rows else []


def serving(capacity: Cells, load: Cells) -> list[str]:
    """The server beside its peers."""
    rows: list[tuple[str, ...]] = []
    for cell, name in (("closed", "32 clients that wait"), ("common-load", "arrivals, as many for both"),
                       ("over-capacity", "arrivals, 1.5 of what ours can do")):  # fmt: skip
        for server, line in {**capacity, **load}.get(cell, {"variants": {}})["variants"].items():
            found = line["figures"]
            rows.append((name, server, f"{found['requests_per_second']:.1f}", f"{found['p50_ms']:,.0f}",
                         f"{found['p99_ms']:,.0f}", f"{found['megabytes']:,.0f}"))  # fmt: skip
    head = (
        "load, 95% sentences, 5% reviews",
        "server",
        "requests a second",
        "p50, ms",
        "p99, ms",
        "megabytes",
    )
    return table(head, rows) if rows else []


def check_cost(study: Cells) -> list[str]:
    """Seconds of the checks."""
    if "imdb" not in study:
        return []
    found = figures(study["imdb"], "bertolt")
    rows = [
        ("quick checks, which `train` runs too", f"{found['quick_seconds']:.1f}"),
        ("near-duplicates", f"{found['near_duplicate_seconds']:.1f}"),
    ]
    if "imdb-whole-verb" in study:
        rows.append(
            (
                "`bertolt check imdb` in all",
                f"{study['imdb-whole-verb']['variants']['bertolt']['seconds']:.1f}",
            )
        )
    return table((f"{found['rows']:,} reviews", "seconds"), rows)


def readme() -> list[str]:
    """The README's figures."""
    study = cells("speed-fp32")
    machine = next(iter(study.values()), {})
    intro = (
        [f"Measured on {machine['cores']} cores ({machine['processor']}); ratios travel, seconds do not.", ""]
        if machine
        else []
    )
    return [*intro, *speed(study), *accuracy(study), *tasks(cells("tasks-accuracy"))]


#: A part of a page between markers: the page, the name in its markers, and what makes it.
PARTS: tuple[tuple[str, str, Callable[[], list[str]]], ...] = (
    ("README.md", "", readme),
    ("docs/measured.md", " tasks", lambda: tasks(cells("tasks-accuracy"))),
    ("docs/measured.md", " paired", lambda: task_pairs(cells("tasks-paired"))),
    ("docs/measured.md", " tasks-speed", lambda: task_speed(cells("tasks-speed"))),
    ("docs/explain.md", "", lambda: agreement(cells("explain-agreement"))),
    ("docs/serve.md", "", lambda: serving(cells("serving-capacity"), cells("serving-load"))),
    ("docs/trust.md", " long", lambda: long_documents(cells("trust-long-documents"), cells("trust-paired"))),
    ("docs/trust.md", " checks", lambda: check_cost(cells("trust-checks"))),
)


def main() -> int:
    """Rewrites or checks the pages."""
    changed = False
    for page, name, make in PARTS:
        file = ROOT / page
        old = file.read_text(encoding="utf-8")
        begin, end = BEGIN.format(name=name), END.format(name=name)
        start, rest = old.split(begin)
        new = start + begin + "\n".join(make()).rstrip() + "\n" + end + rest.split(end, 1)[1]
        changed = changed or new != old
        if "--check" not in sys.argv:
            file.write_text(new, encoding="utf-8")
    return int(changed and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
