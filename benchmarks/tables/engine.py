"""Prediction beside every peer, out of what ``bertolt bench`` measured, and what a million rows cost."""

from __future__ import annotations

from typing import Any

from benchmarks.tables.cells import Cells, figures, ratio, table

Program = dict[str, Any]


def engine(study: Cells) -> list[str]:
    """All that the study says: the ratios, each program on short and long texts, the cost of many rows."""
    found = ratios(study)
    for cell, name in (("short", "1,000 sentences"), ("long", "300 reviews")):
        if cell in study:
            found += _programs(figures(study[cell], "bench"), name)
    return found + _linear(study)


def ratios(study: Cells) -> list[str]:
    """Ours against the fastest peer of each kind."""
    rows: list[tuple[str, ...]] = []
    for cell, name in (("short", "short"), ("long", "long")):
        if cell not in study:
            continue
        programs = figures(study[cell], "bench")["programs"]
        for kind, theirs in (("fp32", _fp32_peers(programs)), ("int8", _pipeline(programs))):
            ours = _fastest([each for each in programs if _is_ours(each) and _kind(each) == kind])
            best = _fastest(theirs)
            if ours and best:
                title = f"texts a second, {name}, {ours['name']} against {best['name']}"
                rows.append((title, *ratio(ours["texts_per_second"], best["texts_per_second"])))
        if cell == "short" and _pipeline(programs):
            rows.append(_latency(programs))
    if "train-steps" in study:
        ours = figures(study["train-steps"], "bertolt")["examples_per_second"]
        for variant in ("trainer-default", "trainer-best"):
            theirs = figures(study["train-steps"], variant)["examples_per_second"]
            rows.append((f"training, examples a second, against {variant}", *ratio(ours, theirs)))
    return table(("", "Bertolt", "peer", "ratio"), rows)


def _latency(programs: list[Program]) -> tuple[str, ...]:
    """Milliseconds of one text, fp32; the ratio is theirs over ours."""
    ours = min((each for each in programs if _is_ours(each) and _kind(each) == "fp32"), key=_p50)
    best = min(_pipeline(programs), key=_p50)
    title = f"milliseconds of one text (p50), {ours['name']} against {best['name']}"
    return title, f"{_p50(ours):.1f}", f"{_p50(best):.1f}", f"{_p50(best) / _p50(ours):.2f}"


def _programs(found: dict[str, Any], name: str) -> list[str]:
    rows = [
        (
            each["name"],
            f"{each['texts_per_second']:,.0f}",
            f"{each['tokens_per_second']:,.0f}",
            f"{each['share']:.0%}",
            f"{each['p50_ms']:.1f}",
            f"{each['p99_ms']:.1f}",
            f"{each['megabytes']:,.0f}",
            f"{each['agree']:,}",
        )
        for each in sorted(found["programs"], key=lambda each: -each["texts_per_second"])
    ]
    head = (
        f"{name}, {found['tokens']:,} tokens",
        "texts/s",
        "tokens/s",
        f"of {found['matrix_gflops']:,.0f} x 10^9 a second",
        "p50 ms",
        "p99 ms",
        "MB",
        "same answers",
    )
    missing = [f"Not measured: {each['name']} ({each['problem']})." for each in found["problems"]]
    return [*table(head, rows), *([*missing, ""] if missing else [])]


def _linear(study: Cells) -> list[str]:
    if "linear-cost" not in study:
        return []
    found = figures(study["linear-cost"], "bertolt")
    rows = [
        ("10,000", f"{found['nanoseconds_a_token_few']:,.0f}", f"{found['megabytes_few']:,.0f}"),
        (
            f"{found['rows']:,}",
            f"{found['nanoseconds_a_token_many']:,.0f} ({found['ratio'] - 1:+.1%})",
            f"{found['megabytes_many']:,.0f}",
        ),
    ]
    return table(("rows through a tiny network", "nanoseconds a token", "megabytes at most"), rows)


def _is_ours(program: Program) -> bool:
    return str(program["name"]).startswith("bertolt ")


def _kind(program: Program) -> str:
    return "int8" if str(program["name"]).endswith("int8") else "fp32"


def _pipeline(programs: list[Program]) -> list[Program]:
    return [each for each in programs if each["name"].startswith("transformers batch-")]


def _fp32_peers(programs: list[Program]) -> list[Program]:
    return [each for each in programs if not _is_ours(each) and _kind(each) == "fp32"]


def _fastest(programs: list[Program]) -> Program | None:
    return max(programs, key=lambda each: each["texts_per_second"], default=None)


def _p50(program: Program) -> float:
    return float(program["p50_ms"])
