"""The gallery: what is right as a whole, and its routes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bertolt.serving.gallery import PAGE, right_whole
from http_server import Running, running

GRADED = {"probabilities": {"not grammatical": 0.1, "grammatical": 0.2, "false": 0.7}}


@pytest.mark.parametrize(
    ("kind", "result", "gold", "right"),
    [
        ("labels", {"label": "a"}, ["a"], True),
        ("labels", {"label": "a"}, ["b"], False),
        ("labels", {"label": "a", "passed": ["b", "a"]}, [("a", "b")], True),
        ("labels", {"label": "a", "passed": ["a"]}, [("a", "b")], False),
        ("labels", {"label": "a", "passed": []}, [()], True),
        ("tags", {"words": [{"tag": "X"}, {"tag": "Y"}]}, [("X", None)], True),
        ("tags", {"words": [{"tag": "X"}, {"tag": "Y"}]}, [("X", "X")], False),
        ("answers", {"answer": "The cat"}, [[{"text": "cat"}, {"text": "dog"}]], True),
        ("answers", {"answer": "a bird"}, [[{"text": "cat"}]], False),
        ("answers", {"answer": ""}, [[]], True),
        ("candidates", {"text": "a b"}, ["a b"], True),
        ("candidates", {"text": "a c"}, ["a b"], False),
        ("grade", {**GRADED, "name": "false", "grade": 2}, ["false"], True),
        ("grade", {**GRADED, "name": "grammatical", "grade": 1}, ["false"], False),
        ("grade", {**GRADED, "name": "grammatical", "grade": 1}, ["acceptable"], True),
        ("grade", {**GRADED, "name": "not grammatical", "grade": 0}, ["acceptable"], False),
        ("grade", {**GRADED, "name": "grammatical", "grade": 1}, ["verifiable"], False),
        ("grade", {"probabilities": {"acceptable": 1.0}, "name": "x", "grade": 1}, ["acceptable"], False),
        ("text", {"text": "a"}, ["a"], None),
    ],
)
def test_right_as_a_whole(kind: str, result: Any, gold: list[Any], right: bool | None) -> None:
    assert right_whole(kind, result, gold) is right


@pytest.fixture(scope="module")
def server(folder: Callable[[str], Path]) -> Iterator[Running]:
    names = ("text-classification", "multi-label-classification", "question-answering", "sentence-grading")
    with running(*map(folder, names)) as found:
        yield found


def get(server: Running, model: str, rest: str) -> httpx.Response:
    return httpx.get(f"{server.url}/v1/models/{model}/{rest}", timeout=30)


def gallery(server: Running, model: str, query: str = "") -> dict[str, Any]:
    """The examples once all are predicted."""
    for _ in range(600):
        found: dict[str, Any] = get(server, model, f"examples{query}").json()
        if found["state"] not in ("new", "running"):
            return found
        time.sleep(0.05)
    raise AssertionError("the gallery is never done")


@pytest.mark.parametrize(
    "model", ["text-classification", "multi-label-classification", "question-answering", "sentence-grading"]
)
def test_right_and_wrong_ones_make_all(server: Running, model: str) -> None:
    found = gallery(server, model)
    assert (found["state"], found["failed"]) == ("done", 0)
    assert found["done"] == found["total"] == found["shown"]
    right, wrong = (gallery(server, model, f"?only={only}") for only in ("right", "wrong"))
    assert right["shown"] == found["right"]
    assert right["shown"] + wrong["shown"] == found["total"]
    assert all(each["right"] for each in right["examples"])
    assert not any(each["right"] for each in wrong["examples"])


def test_an_example_says_what_predict_says(server: Running) -> None:
    first = gallery(server, "text-classification")["examples"][0]
    answer = httpx.post(
        f"{server.url}/v1/models/text-classification/predict", json={"inputs": first["input"]}, timeout=30
    )
    (result,) = answer.json()["results"]
    assert first["predicted"] == result["label"]
    assert first["score"] == pytest.approx(result["score"], abs=1e-5)
    assert first["right"] == (first["gold"] == result["label"])


def test_examples_come_in_pages(server: Running) -> None:
    total = gallery(server, "question-answering")["total"]
    first = gallery(server, "question-answering")["examples"]
    assert len(first) == min(PAGE, total)
    assert gallery(server, "question-answering", "?offset=1")["examples"][0] == first[1]
    assert gallery(server, "question-answering", f"?offset={total}")["examples"] == []


@pytest.mark.parametrize("query", ["?only=some", "?offset=-1", "?offset=x"])
def test_bad_queries_are_refused(server: Running, query: str) -> None:
    assert get(server, "text-classification", f"examples{query}").status_code in (400, 422)


def test_pictures_are_those_that_apply(server: Running) -> None:
    for model, names in (
        ("text-classification", ["confusion", "reliability"]),
        ("question-answering", ["reliability"]),
    ):
        gallery(server, model)
        found = get(server, model, "pictures").json()
        assert {each["name"] for each in found["pictures"]} <= set(names)
        assert all(each["alt"] and each["title"] and each["meaning"] for each in found["pictures"])
    picture = get(server, "text-classification", "pictures/confusion.svg")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert "sandbox" in picture.headers["content-security-policy"]
    assert b"<svg" in picture.content
    missing = get(server, "text-classification", "pictures/none.svg")
    assert missing.status_code == 404
    assert "confusion, reliability" in missing.json()["error"]["expected"]
    assert get(server, "none", "examples").status_code == 404
