"""The tables of the study of engines, out of made lines."""

from __future__ import annotations

from typing import Any

from benchmarks.tables.engine import engine, ratios

RATES = {
    "bertolt model": 500.0,
    "bertolt model-int8": 900.0,
    "onnxruntime fp32": 400.0,
    "onnxruntime int8": 2000.0,  # another engine's int8 is no peer of fp32
    "transformers batch-1": 100.0,
    "transformers batch-32": 300.0,
    "transformers sorted": 350.0,
}


def program(name: str, rate: float) -> dict[str, Any]:
    return {
        "name": name, "texts_per_second": rate, "tokens_per_second": 27 * rate, "share": rate / 1000,
        "p50_ms": 2000 / rate, "p99_ms": 3000 / rate, "megabytes": 600.0, "agree": 1000,
    }  # fmt: skip


def line(variant: str, figures: dict[str, Any]) -> dict[str, Any]:
    return {"variants": {variant: {"figures": figures}}}


def short() -> dict[str, Any]:
    programs = [program(name, rate) for name, rate in RATES.items()]
    problems = [{"name": "openvino fp32", "problem": "ended"}]
    return line(
        "bench", {"programs": programs, "problems": problems, "tokens": 27_000, "matrix_gflops": 220.0}
    )


def test_ours_stand_against_the_fastest_of_their_kind() -> None:
    rows = ratios({"short": short()})[2:-1]
    assert rows == [
        "| texts a second, short, bertolt model against onnxruntime fp32 | 500.0 | 400.0 | 1.25 |",
        "| texts a second, short, bertolt model-int8 against transformers batch-32 | 900.0 | 300.0 | 3.00 |",
        "| milliseconds of one text (p50), bertolt model against transformers batch-32 | 4.0 | 6.7 | 1.67 |",
    ]


def test_programs_stand_by_speed_and_those_that_failed_are_named() -> None:
    rows = engine({"short": short()})
    table = [row for row in rows if "| 27,000 " in row or "%" in row]
    assert table[0].startswith("| onnxruntime int8 | 2,000 | 54,000 | 200% | 1.0 | 1.5 | 600 | 1,000 |")
    assert table[-1].startswith("| transformers batch-1 | 100 |")
    assert "Not measured: openvino fp32 (ended)." in rows


def test_the_cost_of_many_rows() -> None:
    figures = {
        "rows": 300_000,
        "ratio": 1.02,
        "nanoseconds_a_token_few": 4000.0,
        "nanoseconds_a_token_many": 4080.0,
        "megabytes_few": 640.0,
        "megabytes_many": 650.0,
    }
    rows = engine({"linear-cost": line("bertolt", figures)})
    assert rows[2:4] == ["| 10,000 | 4,000 | 640 |", "| 300,000 | 4,080 (+2.0%) | 650 |"]
