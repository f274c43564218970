"""What reading text without labels changes, and what it buys."""

from __future__ import annotations

from typing import Any

from benchmarks.tables.cells import Cells, Line, figures, points, seeds_of, shown, spread, table

#: Adaptations of the study adapt-reading: cell, and what was read.
READ = (
    ("imdb-2500-lr-1e-4", "2,500 reviews, rate 1e-4"),
    ("imdb-2500-lr-5e-4", "2,500 reviews, rate 5e-4"),
    ("imdb-5000", "5,000 reviews, rate 5e-4"),
    ("imdb-10000", "10,000 reviews, rate 5e-4"),
    ("imdb-10000-on-a-gpu", "the same, on a GPU"),
    ("imdb-10000-lr-1e-4", "10,000 reviews, rate 1e-4"),
    ("imdb-20000", "20,000 reviews, 3 times, rate 5e-4, 64 rows a step"),
    ("next-sentence", "pairs of 5,000 reviews, once"),
    ("next-sentence-20000", "pairs of 20,000 reviews, 3 times, 256 tokens, rate 1e-4"),
)
PAIRS = (
    ("pairs-plain", "128 tokens, rate 3e-4, 128 pairs a step"),
    ("pairs-256-lr-1e-4", "256 tokens, rate 1e-4"),
    ("pairs-256-lr-3e-5", "256 tokens, rate 3e-5"),
)
BASELINES = (
    ("overlap", "words that both halves have"),
    ("embeddings", "word vectors of both halves"),
    ("both", "both"),
)
GAINS = (
    ("cola", "matthews", "grammaticality, CoLA: 7,696 sentences"),
    ("rotten-tomatoes", "accuracy", "sentiment, Rotten Tomatoes: 6,530 sentences"),
    ("imdb-500", "accuracy", "sentiment, IMDb: 500 reviews"),
)
#: The backbone that has read, and what it has read.
ADAPTED = (
    ("adapted", "10,000 reviews"),
    ("adapted-20000", "20,000 reviews, 3 times"),
    ("adapted-gently", "10,000 reviews, rate 1e-4"),
)


def reading(study: Cells) -> list[str]:
    """Missing words on held-out documents, before and after."""
    rows: list[tuple[str, ...]] = []
    for cell, name in READ:
        if cell in study:
            found = figures(study[cell], "bertolt")
            before, after = found["before"], found["metrics"]
            rows.append(
                (
                    name,
                    f"{before['masked_accuracy']:.1%}",
                    shown(after["masked_accuracy"], ".1%"),
                    f"{before['perplexity']:,.0f}",
                    shown(after["perplexity"], ".1f"),
                    f"{found['seconds'] / 60:.0f}, {_machine(study[cell])}",
                )
            )
    head = ("read", "missing words found: before", "after", "perplexity: before", "after", "minutes")
    return table(head, rows)


def next_sentence(study: Cells) -> list[str]:
    """Whether a text follows another, beside what gives it away without reading."""
    rows: list[tuple[str, ...]] = []
    if "next-sentence-baselines" in study:
        baselines = figures(study["next-sentence-baselines"], "baselines")
        rows += [(f"baseline: {name}", shown(baselines[key], ".1%")) for key, name in BASELINES]
    for cell, name in READ:
        metrics = figures(study[cell], "bertolt")["metrics"] if cell in study else {}
        if "next_sentence_accuracy" in metrics:
            rows.append((f"`bertolt adapt`: {name}", shown(metrics["next_sentence_accuracy"], ".1%")))
    for cell, name in PAIRS:
        if cell in study:
            rows.append(
                (
                    f"`bertolt train` on pairs: {name}",
                    shown(figures(study[cell], "bertolt")["metrics"]["accuracy"], ".1%"),
                )
            )
    return table(("does it follow? half of the pairs do", "accuracy"), rows)


def gain(study: Cells, pairs: Cells) -> list[str]:
    """The same fine-tuning from the plain backbone and from the adapted one."""
    rows: list[tuple[str, ...]] = []
    for data, metric, name in GAINS:
        plain = _values(study, data, "plain", metric)
        form = ".1%" if metric == "accuracy" else ".3f"
        for variant, read in ADAPTED:
            cell = data if variant == "adapted" else f"{data}-{variant}"
            adapted = _values(study, cell, variant, metric)
            if plain and adapted:
                pair = pairs.get(f"{data}-{variant}-less-plain-{metric}")
                shown_values = (spread(each, form) for each in (plain, adapted))
                rows.append((name, metric, read, *shown_values, _difference(pair, metric)))
    head = ("fine-tuned on", "metric, mean of seeds", "read before", "plain", "adapted")
    return table((*head, "adapted less plain, paired"), rows)


def _values(study: Cells, data: str, variant: str, metric: str) -> list[float]:
    """The metric of each seed."""
    lines = seeds_of(study, data)
    return [figures(line, variant)["metrics"][metric]["value"] for line in lines]


def _difference(pair: Line | None, metric: str) -> str:
    if pair is None:
        return ""
    difference: dict[str, Any] = pair["difference"]
    return f"{points(difference)} points" if metric == "accuracy" else shown(difference, "+.3f")


def _machine(line: Line) -> str:
    cores = line["cores"]
    return line.get("accelerator") or f"{cores} core{'s' if cores > 1 else ''}"


def adapt(reads: Cells) -> list[str]:
    """The tables of one study."""
    return [*reading(reads), *next_sentence(reads)]
