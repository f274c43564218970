"""The tables of the pages, out of made lines."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from benchmarks.tables import adapt, grading, probing, trust
from benchmarks.tables.__main__ import BEGIN, END, PARTS, Part, rewritten
from benchmarks.tables.cells import ROOT, cells, seeds_of


def _figure(value: float, width: float = 0.01) -> dict[str, float]:
    return {"value": value, "low": value - width, "high": value + width}


def _line(cell: str, variant: str, figures: dict[str, Any], seed: int = 0) -> dict[str, Any]:
    return {"cell": cell, "seed": seed, "cores": 1, "variants": {variant: {"figures": figures}}}


def _study(*lines: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {line["cell"]: line for line in lines}


def test_every_part_has_its_markers_once() -> None:
    for part in PARTS:
        page = (ROOT / part.page).read_text(encoding="utf-8")
        assert page.count(BEGIN.format(name=part.name)) == 1, part
        assert page.count(END.format(name=part.name)) == 1, part
    assert len({(part.page, part.name) for part in PARTS}) == len(PARTS)


def test_a_part_is_made_between_its_markers(tmp_path: Path) -> None:
    page = "before\n<!-- results a: begin -->\nold\n<!-- results a: end -->\nafter\n"
    part = Part("page.md", " a", ("some-study",), lambda study: [*study, ""])
    (tmp_path / "some-study.jsonl").write_text(json.dumps({"cell": "new"}) + "\n")
    assert rewritten(page, part, tmp_path) == page.replace("old", "new")


def test_a_part_whose_study_has_no_results_is_left_alone_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = Part("page.md", " a", ("some-study", "other-study"), lambda *studies: ["made"])
    (tmp_path / "some-study.jsonl").write_text(json.dumps({"cell": "new"}) + "\n")
    assert rewritten("a page", part, tmp_path) == "a page"
    assert capsys.readouterr().err == "left as it is: page.md a, for want of other-study\n"


def test_cells_and_their_seeds(tmp_path: Path) -> None:
    lines = [{"cell": f"a-{number}-seed-{number}"} for number in (0, 1)] + [
        {"cell": f"a-seed-{seed}"} for seed in (10, 2)
    ]
    (tmp_path / "study.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = cells("study", tmp_path)
    assert [line["cell"] for line in seeds_of(found, "a")] == ["a-seed-2", "a-seed-10"]
    assert cells("another", tmp_path) == {}


def test_the_mean_over_seeds_has_students_interval() -> None:
    found = trust.mean_over_seeds([1.0, 2.0, 3.0])
    half = 4.302652729749464 / math.sqrt(3)  # of Student's t with 2 degrees of freedom, as tables print it
    assert found["value"] == 2
    assert found["low"] == pytest.approx(2 - half)
    assert found["high"] == pytest.approx(2 + half)


def test_defaults_are_paired_by_seed() -> None:
    def runs(setting: str, *accuracies: float) -> list[dict[str, Any]]:
        return [
            _line(
                f"{setting}-seed-{seed}",
                setting,
                {"metrics": {"accuracy": _figure(accuracy)}, "seconds": 100.0 + seed},
                seed,
            )
            for seed, accuracy in enumerate(accuracies)
        ]

    study = _study(*runs("base", 0.80, 0.82, 0.84), *runs("epochs-2", 0.82, 0.83, 0.85))
    made = trust.defaults(study)
    half = 100 * trust.mean_over_seeds([0.02, 0.01, 0.01])["high"]
    low = 100 * trust.mean_over_seeds([0.02, 0.01, 0.01])["low"]
    assert made[2:] == [
        "| 1 epoch, rate 1e-4, batch 32 | 82.0% (80.0% to 84.0%) |  |  | 101 |",
        f"| 2 epochs | 83.3% (82.0% to 85.0%) | +1.3 ({low:+.1f} to {half:+.1f}) | +2.0, +1.0, +1.0 | 101 |",
        "",
    ]
    # A seed that has not been run yet: nothing to pair with.
    assert "| 2 epochs | 82.5% (82.0% to 83.0%) |  |  | 100 |" in trust.defaults(
        _study(*runs("base", 0.80, 0.82, 0.84), *runs("epochs-2", 0.82, 0.83))
    )


def _probed(best: float, expected: float | None) -> dict[str, Any]:
    def read(name: str, top: int, f1: float, mixed: bool = False) -> dict[str, Any]:
        controls = ("control", "selectivity", "random", "above_random")
        return {
            "name": name, "top": top, "mixed": mixed, "f1": _figure(f1),
            **{control: _figure(0.1 * place) for place, control in enumerate(controls, start=1)},
        }  # fmt: skip

    return {
        "inputs": [
            read("lexical", -1, 0.5),
            read("layer 0", 0, 0.6),
            read("layer 1", 1, best),
            {**read("layers 0-1", 1, 0.9, mixed=True), "control": None},
        ],
        "best_layer": "layer 1",
        "expected_layer": None if expected is None else _figure(expected),
        "mixes": [{"centre_of_gravity": 1.0}, {"centre_of_gravity": 2.0}],
        "code": [{"compression": 1.5}, {"compression": 2.5}, {"compression": 3.5}],
    }


def test_probes_stand_in_the_order_of_their_expected_layer() -> None:
    study = _study(
        _line("minilm-definite-pronouns", "bertolt", {"results": _probed(0.65, None)}),
        _line("minilm-relations", "bertolt", {"results": _probed(0.7, 1.0)}),
        _line("minilm-part-of-speech", "bertolt", {"results": _probed(0.8, 2.0)}),
    )
    made = probing.probing(study)
    assert (
        made[0] == "| micro-F1 on the test part, read from | relations | part of speech | definite pronouns |"
    )
    layer = "0.700 (0.690 to 0.710) | 0.800 (0.790 to 0.810) | 0.650 (0.640 to 0.660)"
    assert f"| layer 1 | {layer} |" in made
    assert sum(line.startswith("| all layers mixed | 0.900 (0.890 to 0.910) |") for line in made) == 1
    figures = " | ".join(
        f"{value:.3f} ({value - 0.01:.3f} to {value + 0.01:.3f})" for value in (0.7, 0.1, 0.2, 0.3, 0.4)
    )
    assert f"| relations | layer 1 | {figures} | 1.50 / 2.50 / 3.50 |" in made
    # The published order is the other way round.
    centre = "1.50 (1.00 to 2.00)"
    assert made[-4:] == [
        f"| 1 | relations | 1.00 (0.99 to 1.01) | {centre} | 4.16 (SemEval-2010 task 8) | 2 |  |",
        f"| 2 | part of speech | 2.00 (1.99 to 2.01) | {centre} | 1.76 (OntoNotes) | 1 |  |",
        f"|  | definite pronouns | cannot be told | {centre} | none |  | 6.00 |",
        "",
    ]


def test_other_networks_stand_beside_minilm_once_they_were_probed() -> None:
    lines = [_line("minilm-part-of-speech", "bertolt", {"results": _probed(0.8, 2.0)})]
    assert probing.models(_study(*lines)) == []
    lines.append(_line("reviews-part-of-speech", "bertolt", {"results": _probed(0.7, None)}))
    mixed = "layer 1 | 0.900 (0.890 to 0.910)"
    assert probing.models(_study(*lines))[2:] == [
        f"| part of speech | `minilm` | 0.800 (0.790 to 0.810) | {mixed} | 2.00 (1.99 to 2.01) |",
        f"| part of speech | fine-tuned on reviews | 0.700 (0.690 to 0.710) | {mixed} |  |",
        "",
    ]


def test_what_reading_changes() -> None:
    found = {
        "before": {"masked_accuracy": 0.05, "perplexity": 800.0},
        "metrics": {"masked_accuracy": _figure(0.3), "perplexity": _figure(90, 5)},
        "seconds": 600.0,
    }
    paired = {**found, "metrics": {**found["metrics"], "next_sentence_accuracy": _figure(0.6)}}  # type: ignore[dict-item]
    study = _study(
        _line("imdb-5000", "bertolt", found),
        {**_line("next-sentence", "bertolt", paired), "accelerator": "a GPU"},
        _line("next-sentence-baselines", "baselines", {key: _figure(0.5) for key, _ in adapt.BASELINES}),
    )
    made = adapt.adapt(study)
    figures = "5.0% | 30.0% (29.0% to 31.0%) | 800 | 90.0 (85.0 to 95.0)"
    assert f"| 5,000 reviews, rate 5e-4 | {figures} | 10, 1 core |" in made
    assert f"| pairs of 5,000 reviews, once | {figures} | 10, a GPU |" in made
    assert "| baseline: both | 50.0% (49.0% to 51.0%) |" in made
    assert "| `bertolt adapt`: pairs of 5,000 reviews, once | 60.0% (59.0% to 61.0%) |" in made


def test_what_reading_buys() -> None:
    def seed(number: int, plain: float, adapted: float) -> dict[str, Any]:
        variants = {
            name: {"figures": {"metrics": {"accuracy": _figure(value)}}}
            for name, value in (("plain", plain), ("adapted", adapted))
        }
        return {"cell": f"imdb-500-seed-{number}", "seed": number, "variants": variants}

    study = _study(seed(0, 0.8, 0.82), seed(1, 0.81, 0.82))
    pairs = _study({"cell": "imdb-500-adapted-less-plain-accuracy", "difference": _figure(0.015, 0.02)})
    figures = "80.5% (80.0% to 81.0%) | 82.0% (82.0% to 82.0%)"
    row = f"| sentiment, IMDb: 500 reviews | accuracy | 10,000 reviews | {figures} |"
    assert adapt.gain(study, pairs)[2] == f"{row} +1.5 (-0.5 to +3.5) points |"
    assert adapt.gain(study, {})[2] == f"{row}  |"


def test_ordered_labels_and_their_pairs() -> None:
    def decoded(value: float) -> dict[str, Any]:
        return {metric: _figure(value) for metric, _ in grading.METRICS}

    study = _study(
        *(
            _line(f"sst-corn-seed-{seed}", "corn", {"mode": decoded(0.5), "median": decoded(0.6 + seed / 10)})
            for seed in (0, 1)
        )
    )
    assert grading.order(study)[2:] == [
        f"| SST-5, 1,101 sentences | corn | median | {' | '.join(['0.650 (0.600 to 0.700)'] * 4)} |",
        f"| SST-5, 1,101 sentences | corn | mode | {' | '.join(['0.500'] * 4)} |",
        "",
    ]
    cell = "joci-corn-median-less-cross-entropy-mode-quadratic_weighted_kappa"
    assert grading.order_pairs(_study({"cell": cell, "difference": _figure(-0.05)}))[2:] == [
        "| JOCI, 2,000 sentences | mode | -0.050 (-0.060 to -0.040) |  |",
        "",
    ]


def test_graded_sentences_beside_baselines() -> None:
    def graded(kappa: float, matthews: float) -> dict[str, Any]:
        metrics = {"quadratic_weighted_kappa": _figure(kappa), "accuracy": _figure(0.5), "n": 10}
        return {
            **{grader: dict.fromkeys(grading.SETS, metrics) for grader, _ in grading.GRADERS},
            "metrics": {"acceptability_matthews": _figure(matthews)},
            "claims": {**dict.fromkeys(grading.SETS), "FEVER": {"coverage": 0.2}},
        }

    alone = {"metrics": {"matthews": _figure(0.3)}}
    study = _study(
        _line("joint-seed-0", "joint", graded(0.2, 0.1)),
        _line("joint-seed-1", "joint", graded(0.4, 0.2), seed=1),
        _line("cola-single-seed-0", "single", alone),
    )
    made = grading.sentences(study)
    assert f"| `minilm`, all sets together | {' | '.join(['0.300 (0.200 to 0.400)'] * 5)} |" in made
    assert f"| the commonest grade | {' | '.join(['0.500'] * 5)} |" in made
    assert "| FEVER | 20% | 20% |" in made
    assert "| LIAR | at none above 10% | at none above 10% |" in made
    pairs = _study({"cell": "cola-joint-less-single-matthews", "difference": _figure(-0.15)})
    joint = dict(grading.JOINT)["joint"]
    assert grading.acceptable(study, pairs)[2:] == [
        f"| {joint} | 0.150 (0.100 to 0.200) |  |  |",
        "| CoLA alone, 2 epochs | 0.300 (0.300 to 0.300) | -0.150 (-0.160 to -0.140) |  |",
        "",
    ]
