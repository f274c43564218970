"""What minilm knows and where, every edge task beside its controls, out of the study probing-layers."""

from __future__ import annotations

from typing import Any

from benchmarks.tables.cells import Cells, Figure, figures, shown, spread, table

NAMES = {
    "part-of-speech": "part of speech",
    "dependencies": "dependencies",
    "phrases": "phrases",
    "entities": "entities",
    "relations": "relations",
    "definite-pronouns": "definite pronouns",
}
#: Expected layer and centre of gravity of BERT-base (12 layers), and on what: see the page. The centre is
#: published for some tasks only; the expected layer means nothing for definite pronouns, whose curve does
#: not rise.
PUBLISHED: dict[str, tuple[float | None, float | None, str]] = {
    "part-of-speech": (1.76, None, "OntoNotes"),
    "dependencies": (2.52, 6.55, "EWT"),
    "phrases": (2.38, 6.01, "constituents of OntoNotes"),
    "entities": (2.42, 6.86, "OntoNotes"),
    "relations": (4.16, None, "SemEval-2010 task 8"),
    "definite-pronouns": (None, 6.00, "DPR"),
}
MODELS = (("minilm", "`minilm`"), ("reviews", "fine-tuned on reviews"), ("adapted", "adapted to reviews"))


def probing(study: Cells) -> list[str]:
    """All tables of the page."""
    found = {
        name: figures(study[f"minilm-{task}"], "bertolt")["results"]
        for task, name in NAMES.items()
        if f"minilm-{task}" in study
    }
    if not found:
        return []
    found = dict(sorted(found.items(), key=lambda item: _layer(item[1])))
    return [*layers(found), *controls(found), *order(found), *models(study)]


def layers(found: dict[str, Any]) -> list[str]:
    """F1 of each input."""
    names = ["lexical", *(each["name"] for each in next(iter(found.values()))["inputs"] if _single(each))]
    rows = [(name, *(shown(_input(result, name)["f1"]) for result in found.values())) for name in names]
    rows.append(("all layers mixed", *(shown(result["inputs"][-1]["f1"]) for result in found.values())))
    return table(("micro-F1 on the test part, read from", *found), rows)


def controls(found: dict[str, Any]) -> list[str]:
    """The layer that is best on validation beside what the probe can do without the network's knowledge."""
    rows: list[tuple[str, ...]] = []
    for name, result in found.items():
        best = _input(result, result["best_layer"])
        codes = " / ".join(f"{code['compression']:.2f}" for code in result["code"])
        rows.append(
            (
                name,
                best["name"],
                shown(best["f1"]),
                _of(best["control"]),
                _of(best["selectivity"]),
                _of(best["random"]),
                _of(best["above_random"]),
                codes,
            )
        )
    head = ("task", "best layer", "F1", "random labels", "selectivity", "random network", "F1 less that",
            "compression: lexical / best layer / mix")  # fmt: skip
    return table(head, rows)


def order(found: dict[str, Any]) -> list[str]:
    """Where a task lies, beside the published order."""
    ranks = _ranks({name: result["expected_layer"]["value"] for name, result in found.items()
                    if result["expected_layer"]})  # fmt: skip
    shared = {
        NAMES[task]: layer for task, (layer, _, _) in PUBLISHED.items() if layer and NAMES[task] in ranks
    }
    published = _ranks(shared)
    rows: list[tuple[str, ...]] = []
    for task, (layer, centre, data) in PUBLISHED.items():
        name = NAMES[task]
        if name not in found:
            continue
        result = found[name]
        centres = [mixed["centre_of_gravity"] for mixed in result["mixes"]]
        rows.append(
            (
                str(ranks.get(name, "")),
                name,
                shown(result["expected_layer"], ".2f") if result["expected_layer"] else "cannot be told",
                spread(centres, ".2f"),
                f"{layer:.2f} ({data})" if layer else "none",
                str(published.get(name, "")),
                f"{centre:.2f}" if centre else "",
            )
        )
    rows.sort(key=lambda row: int(row[0] or len(PUBLISHED)))
    head = ("place", "task", "expected layer of 6", "centre of gravity, mean of seeds",
            "BERT-base: expected layer of 12", "its place", "its centre of gravity")  # fmt: skip
    return table(head, rows)


def models(study: Cells) -> list[str]:
    """The same treebank, read from networks that have learnt something else since."""
    rows: list[tuple[str, ...]] = []
    for task in ("part-of-speech", "dependencies"):
        for model, name in MODELS:
            if f"{model}-{task}" not in study:
                continue
            result = figures(study[f"{model}-{task}"], "bertolt")["results"]
            last = [each for each in result["inputs"] if _single(each)][-1]
            mixed = result["inputs"][-1]["f1"]
            rows.append((NAMES[task], name, shown(last["f1"]), result["best_layer"], shown(mixed),
                         _of(result["expected_layer"], ".2f")))  # fmt: skip
    others = [row for row in rows if row[1] != MODELS[0][1]]
    head = ("task", "network", "F1, last layer", "best layer", "F1, all layers mixed", "expected layer")
    return table(head, rows if others else [])


def _single(result: dict[str, Any]) -> bool:
    """Whether an input is one layer."""
    return not result["mixed"] and result["top"] >= 0


def _input(result: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in result["inputs"] if each["name"] == name)
    return found


def _of(found: Figure | None, form: str = ".3f") -> str:
    return "" if found is None else shown(found, form)


def _layer(result: dict[str, Any]) -> float:
    """The expected layer; tasks without one come last."""
    found = result["expected_layer"]
    return float("inf") if found is None else float(found["value"])


def _ranks(values: dict[str, float]) -> dict[str, int]:
    """The place of each name, 1 for the lowest value."""
    return {name: place for place, name in enumerate(sorted(values, key=lambda each: values[each]), start=1)}
