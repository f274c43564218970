"""``/explain`` and ``/corrections`` over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import bertolt
from bertolt.serving import explaining, quotas
from bertolt.serving.corrections import Corrections, read_corrections
from http_server import Running, running

AT = "/v1/models/text-classification"


@pytest.fixture(scope="module")
def server(folder: Callable[[str], Path]) -> Iterator[Running]:
    with running(folder("text-classification"), folder("fill-mask")) as found:
        yield found


@pytest.fixture
def saved(server: Running, tmp_path: Path) -> Iterator[Path]:
    """The server with a file for corrections."""
    store = Corrections(tmp_path / "all.sqlite")
    server.app.state.corrections = store
    yield tmp_path / "all.sqlite"
    store.close()
    server.app.state.corrections = None


def post(server: Running, path: str, body: Any) -> httpx.Response:
    return httpx.post(server.url + path, json=body, timeout=30)


def test_an_explanation_is_the_apis(server: Running, folder: Callable[[str], Path]) -> None:
    text = "the film wasn't dull"
    answer = post(server, f"{AT}/explain", {"input": text, "target": "negative"})
    assert answer.status_code == 200
    found = answer.json()
    expected = bertolt.explain(folder("text-classification"), text, target="negative").to_dict()
    assert found["target"] == "negative"
    assert found["method"] == "fast"
    assert [(each["text"], each["start"], each["end"], each["field"]) for each in found["tokens"]] == [
        ("the", 0, 3, "text"), ("film", 4, 8, "text"), ("was", 9, 12, "text"), ("n't", 12, 15, "text"),
        ("dull", 16, 20, "text"),
    ]  # fmt: skip
    for one, other in zip(found["tokens"], expected["tokens"], strict=True):
        assert one["score"] == pytest.approx(other["score"], abs=1e-4)


def test_what_is_not_read_can_be_asked_for(server: Running) -> None:
    text = "the film was gorgeous . " * 200  # of which 512 tokens are read, two of them special
    answer = post(server, f"{AT}/unread", {"input": text})
    assert answer.status_code == 200
    (gap,) = answer.json()["unread"]
    assert (gap["field"], gap["end"]) == ("text", len(text.rstrip()))
    assert len(text[: gap["start"]].split()) == 510
    assert post(server, f"{AT}/unread", {"input": "the film was gorgeous"}).json() == {"unread": []}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"{AT}/unread", {"input": ["a"]}, 422),
        (f"{AT}/unread", {"text": "a"}, 422),
        ("/v1/models/none/unread", {"input": "a"}, 404),
        (f"{AT}/explain", {"input": "a", "target": "great"}, 422),
        (f"{AT}/explain", {"input": ["a"]}, 422),
        (f"{AT}/explain", {"text": "a"}, 422),
        (f"{AT}/explain", {"input": "a", "word": 0}, 422),
        ("/v1/models/fill-mask/explain", {"input": "the [MASK]"}, 422),
        ("/v1/models/none/explain", {"input": "a"}, 404),
        (f"{AT}/explain", {"input": "a" * 200_000}, 413),
    ],
)
def test_bad_requests(server: Running, path: str, body: Any, status: int) -> None:
    answer = post(server, path, body)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"expected", "found", "do"}


def test_what_would_block_the_worker_is_refused(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explaining, "MOST_TOKENS", 5)
    answer = post(server, f"{AT}/explain", {"input": "the film was gorgeous"})
    assert answer.status_code == 422
    assert "at most 5 tokens" in answer.json()["error"]["expected"]


def test_a_correction_is_saved_and_counted(server: Running, saved: Path) -> None:
    body = {"input": "the film", "prediction": {"label": "negative"}, "correction": "positive"}
    answer = post(server, f"{AT}/corrections", body)
    assert (answer.status_code, answer.json()) == (201, {"saved": 1})
    counted = httpx.get(f"{server.url}{AT}/corrections").json()
    assert counted == {"count": 1, "read_only": False}
    (found,) = read_corrections(saved, "text-classification")
    assert {"input": found.input, "prediction": found.prediction, "correction": found.correction} == body
    assert httpx.get(f"{server.url}/v1/models").json()["read_only"] is False


@pytest.mark.parametrize(
    ("prediction", "status"),
    [
        ("negative", 422),
        ([], 422),
        ({"label": "negative", "note": "x"}, 422),
        ({"label": "x" * 25_000}, 413),
        ({"label": "negative", "score": 0.5, "tokens": 3}, 201),
    ],
)
def test_a_prediction_has_the_form_and_the_size_of_a_result(
    server: Running, saved: Path, prediction: Any, status: int
) -> None:
    body = {"input": "the film", "prediction": prediction, "correction": "positive"}
    assert post(server, f"{AT}/corrections", body).status_code == status
    assert saved.exists() == (status == 201)


def test_results_of_every_kind_can_be_sent_as_predictions(
    server: Running, saved: Path, folder: Callable[[str], Path]
) -> None:
    for name, text, right in (
        ("text-classification", "the film " * 400, "positive"),
        ("fill-mask", "the [MASK] " * 60, "the film " * 60),
    ):
        predicted = post(server, f"/v1/models/{name}/predict", {"inputs": text}).json()["results"][0]
        body = {"input": text, "prediction": predicted, "correction": right}
        assert post(server, f"/v1/models/{name}/corrections", body).status_code == 201
    too_long = {"input": "the [MASK]", "prediction": None, "correction": "x" * 200_000}
    assert post(server, "/v1/models/fill-mask/corrections", too_long).status_code == 413


@pytest.mark.parametrize("correction", ["great", ["positive"], None, 3])
def test_a_bad_correction_is_refused_and_not_saved(server: Running, saved: Path, correction: Any) -> None:
    body = {"input": "the film", "prediction": None, "correction": correction}
    assert post(server, f"{AT}/corrections", body).status_code == 422
    assert not saved.exists()


def test_too_many_are_refused(server: Running, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"input": "the film", "prediction": None, "correction": "positive"}
    monkeypatch.setattr(quotas, "BURST", 1)
    monkeypatch.setattr(quotas, "A_MINUTE", 0)
    assert post(server, f"{AT}/corrections", body).status_code == 201
    answer = post(server, f"{AT}/corrections", body)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "2"


def test_a_read_only_server_takes_none(server: Running) -> None:
    assert server.app.state.corrections is None
    body = {"input": "the film", "prediction": None, "correction": "positive"}
    answer = post(server, f"{AT}/corrections", body)
    assert answer.status_code == 403
    assert httpx.get(f"{server.url}/v1/models").json()["read_only"] is True
