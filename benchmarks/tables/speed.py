"""How fast it is beside transformers, and what that costs in accuracy."""

from __future__ import annotations

import statistics

from benchmarks.tables.cells import Cells, figures, ratio, shown, spread, table


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
            rows.append((f"training, examples a second: {name}", *ratio(ours, theirs)))
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
                (f"prediction, texts a second, {name}: pipeline at batch {size}", *ratio(ours, peers[best]))
            )
    return table(("beside transformers, fp32", "Bertolt", "transformers", "ratio"), rows)


def accuracy(study: Cells) -> list[str]:
    """One epoch of ours beside two of the Trainer's, on the same 1,000 test sentences."""
    if not {"trainer-two-epochs", "one-epoch-seed-1", "one-epoch-seed-2"} <= set(study):
        return []
    pair = study["trainer-two-epochs"]
    lines = [pair, study["one-epoch-seed-1"], study["one-epoch-seed-2"]]
    values = [figures(line, "bertolt")["metrics"]["accuracy"]["value"] for line in lines]
    theirs = figures(pair, "trainer-default")
    seconds = statistics.median(line["variants"]["bertolt"]["seconds"] for line in lines)
    their_seconds = pair["variants"]["trainer-default"]["seconds"]
    rows = [
        ("Bertolt, 1 epoch, 3 seeds", spread(values, ".1%"), f"{seconds:,.0f}"),
        ("transformers' Trainer, 2 epochs", f"{theirs['accuracy']:.1%}", f"{their_seconds:,.0f}"),
    ]
    return table(("Rotten Tomatoes, 1,000 test sentences", "accuracy", "seconds in all"), rows)


def encoders(study: Cells) -> list[str]:
    """The packaged encoders side by side: accuracy, training time, and rate of prediction."""
    rates = study["predict-encoders"]
    rows = []
    for name, cell, how in (
        ("minilm", "minilm", "2 epochs, the default"),
        ("mpnet", "one-epoch", "1 epoch, `--lr 3e-5`"),
    ):
        line = study[cell]
        minutes = line["variants"]["bertolt"]["seconds"] / 60
        accurate = shown(figures(line, "bertolt")["metrics"]["accuracy"], ".1%")
        rate = figures(rates, name)["texts_per_second"]
        rows.append((f"`{name}`", how, accurate, f"{minutes:.1f}", f"{rate:,.0f}"))
    head = (
        "`--model`",
        "training",
        "accuracy, 1,000 test sentences",
        "minutes to train",
        "sentences a second",
    )
    intro = "Two encoders install from PyPI. Rotten Tomatoes, 6,530 training sentences, on 2 cores:"
    return [intro, "", *table(head, rows)]


def task_speed(study: Cells) -> list[str]:
    """Training steps of tasks beside the Trainer's."""
    rows: list[tuple[str, ...]] = []
    for cell, name in (("cola-steps", "CoLA"), ("mrpc-steps", "MRPC"), ("wnut-steps", "WNUT-17")):
        if cell in study:
            rates = [figures(study[cell], each)["examples_per_second"] for each in ("bertolt", "trainer")]
            rows.append((name, *ratio(*rates)))
    return table(("40 steps of 32, examples a second", "Bertolt", "Trainer", "ratio"), rows)


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
    return table(head, rows)
