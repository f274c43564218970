"""Hugging Face's own client against the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import InferenceClient, constants

from bertolt.inference.pipeline import Pipeline
from http_server import Running, running

TEXT = "the film was gorgeous and moving ."
TASKS = ("text-classification", "token-classification", "question-answering", "fill-mask")


@pytest.fixture(scope="module")
def server(folder: Callable[[str], Path]) -> Iterator[Running]:
    with running(*map(folder, TASKS)) as found:
        yield found


@pytest.fixture
def client(server: Running, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], InferenceClient]:
    """A client that calls this machine only: by itself it would look up on the Hub who calls it."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)

    def make(task: str) -> InferenceClient:
        return InferenceClient(model=f"{server.url}/models/{task}", provider="hf-inference", token="none")

    return make


def ours(folder: Callable[[str], Path], task: str, value: Any) -> Any:
    return Pipeline.from_folder(folder(task), device="cpu")(value)


def test_text_classification(client: Callable[[str], InferenceClient], folder: Callable[[str], Path]) -> None:
    found = client(TASKS[0]).text_classification(TEXT)
    expected = ours(folder, TASKS[0], TEXT)
    assert {each.label: each.score for each in found} == pytest.approx(expected.scores, abs=1e-5)
    assert found[0].label == expected.label
    assert len(client(TASKS[0]).text_classification(TEXT, top_k=1)) == 1


def test_token_classification(
    client: Callable[[str], InferenceClient], folder: Callable[[str], Path]
) -> None:
    found = client(TASKS[1]).token_classification(TEXT, aggregation_strategy="none", ignore_labels=[])
    expected = ours(folder, TASKS[1], TEXT).words
    assert [(each.word, each.entity, each.start, each.end) for each in found] == [
        (each.text, each.tag, each.start, each.end) for each in expected
    ]


def test_question_answering(client: Callable[[str], InferenceClient], folder: Callable[[str], Path]) -> None:
    asked = {"question": "the plot was ?", "context": "the film was gorgeous and the plot was moving ."}
    found = client(TASKS[2]).question_answering(**asked)
    best = ours(folder, TASKS[2], asked).answers[0]
    assert (found.answer, found.start, found.end) == (best.text, best.start, best.end)
    assert found.score == pytest.approx(best.score, abs=1e-5)


def test_fill_mask(client: Callable[[str], InferenceClient], folder: Callable[[str], Path]) -> None:
    text = "the film was [MASK] ."
    found = client(TASKS[3]).fill_mask(text, top_k=3)
    expected = ours(folder, TASKS[3], text).masks[0][:3]
    assert [(each.token_str, each.sequence) for each in found] == [
        (each.token, each.text) for each in expected
    ]
    assert all(isinstance(each.token, int) for each in found)


@pytest.mark.parametrize(
    ("task", "body", "word"),
    [
        (TASKS[0], {"inputs": TEXT, "parameters": {"function_to_apply": "sigmoid"}}, "softmax"),
        (TASKS[0], {"inputs": TEXT, "parameters": {"beams": 2}}, "beams"),
        (TASKS[0], {"inputs": TEXT, "options": {}}, "options"),
        (TASKS[1], {"inputs": TEXT, "parameters": {"stride": 2}}, "stride"),
        (TASKS[2], {"inputs": TEXT}, "an object"),
        (TASKS[3], {"inputs": TEXT}, "[MASK]"),
    ],
)
def test_what_cannot_be_kept_is_refused(task: str, body: Any, word: str, server: Running) -> None:
    answer = httpx.post(f"{server.url}/models/{task}", json=body, timeout=30)
    assert answer.status_code == 422
    assert word in str(answer.json()["error"])


def test_a_list_gives_a_list(server: Running) -> None:
    answer = httpx.post(f"{server.url}/models/{TASKS[0]}", json={"inputs": [TEXT, TEXT]}, timeout=30)
    assert [len(each) for each in answer.json()] == [2, 2]
