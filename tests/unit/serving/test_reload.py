"""A model folder that is replaced under a running server: refused until it is read anew, then whole."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from bertolt.errors import FolderError
from bertolt.serving.child import load_pipelines
from bertolt.serving.fingerprint import HeldFiles, check_unchanged, fingerprint, stamp
from bertolt.serving.generations import HEADER
from bertolt.serving.refusals import UnavailableError
from bertolt.serving.served import open_folder
from bertolt.serving.settings import ServeSettings
from http_server import running

NAME = "text-classification"
PREDICT = f"/v1/models/{NAME}/predict"
KEY = "0123456789abcdef"


@pytest.fixture
def model(sentiment: Path, tmp_path: Path) -> Path:
    """A folder that may be replaced."""
    return Path(shutil.copytree(sentiment, tmp_path / NAME))


def rename_labels(folder: Path) -> None:
    """Replaces a folder by the same model with other names for its labels, as training does: at once."""
    new = Path(shutil.copytree(folder, folder.with_name("new")))
    for name in ("bertolt.json", "config.json"):
        text = (new / name).read_text(encoding="utf-8")
        text = text.replace('"negative"', '"bad"').replace('"positive"', '"good"')
        (new / name).write_text(text, encoding="utf-8")
    (new / "README.md").write_text("# The new one\n", encoding="utf-8")
    folder.rename(folder.with_name("old"))
    new.rename(folder)


def spoil(folder: Path) -> None:
    """Puts a damaged file in the place of the weights, which this process has mapped into its memory."""
    damaged = folder.with_name("damaged")
    damaged.write_bytes(b"nothing")
    damaged.replace(folder / "model.safetensors")


def test_a_fingerprint_is_of_the_contents_and_not_of_the_card(model: Path, tmp_path: Path) -> None:
    found = fingerprint(model)
    assert fingerprint(Path(shutil.copytree(model, tmp_path / "copy"))) == found
    (model / "README.md").write_text("another card", encoding="utf-8")
    assert fingerprint(model) == found
    check_unchanged(model, found)
    before = stamp(model)
    held = HeldFiles(model)
    assert not held.changed()
    weights = model / "model.safetensors"
    weights.touch()
    assert held.changed()
    held.close()
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    assert stamp(model) != before
    assert fingerprint(model) != found
    with pytest.raises(FolderError, match="replaced"):
        check_unchanged(model, found)


def test_a_folder_that_changes_while_it_is_read_is_refused(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bertolt.serving import served

    card = served._card

    def changing(folder: Path) -> str:
        rename_labels(folder)
        return card(folder)

    monkeypatch.setattr(served, "_card", changing)
    with pytest.raises(FolderError, match="stays as it is"):
        open_folder(model, ServeSettings())


def test_a_worker_loads_only_what_the_server_has_read(model: Path) -> None:
    order = {
        "models": {
            "same": {"folder": str(model), "fingerprint": fingerprint(model)},
            "other": {"folder": str(model), "fingerprint": "0" * 64},
            "gone": {"folder": str(model.parent / "none"), "fingerprint": "0" * 64},
        },
        "device": "cpu", "dtype": "fp32", "engine": "auto", "threads": 1,
    }  # fmt: skip
    loaded = load_pipelines(order)
    assert list(loaded.pipelines) == ["same"]
    assert list(loaded.refused) == ["other", "gone"]
    assert "SIGHUP" in loaded.refused["gone"]["do"]
    (held,) = loaded.files
    rename_labels(model)
    assert not held.changed()  # the loaded files are still as they were
    held.close()


def test_labels_card_and_results_change_together(model: Path) -> None:
    with running(model) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        first = client.get("/v1/models")
        assert server.reload() == ()  # nothing has changed
        rename_labels(model)
        assert client.get("/v1/models").json() == first.json()
        assert server.reload() == (NAME,)
        now = client.get("/v1/models")
        assert now.headers[HEADER] != first.headers[HEADER]
        (listed,) = now.json()["models"]
        assert listed["labels"] == ["bad", "good"]
        assert listed["fingerprint"] == fingerprint(model)[:12]
        assert client.get(f"/v1/models/{NAME}").json()["card"] == "# The new one\n"
        (result,) = client.post(PREDICT, json={"inputs": "the film"}).json()["results"]
        assert set(result["scores"]) == {"bad", "good"}
        assert len(server.workers) == 2
        deadline = time.monotonic() + 10
        while not server.workers[0]._stopped:  # the old one ends once nobody uses it
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_the_old_model_answers_what_it_has_accepted(model: Path) -> None:
    with running(model) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        answers: list[httpx.Response] = []

        def ask() -> None:
            answers.append(httpx.post(server.url + PREDICT, json={"inputs": ["a", "b"]}, timeout=30))

        old = server.worker
        old.open.clear()
        asking = threading.Thread(target=ask)
        asking.start()
        while server.dispatcher.scheduler.rows < 2:
            time.sleep(0.005)
        table = client.post(f"/v1/models/{NAME}/table", content=b"text\na film\n").json()["job"]
        rename_labels(model)
        assert server.reload() == (NAME,)
        (result,) = client.post(PREDICT, json={"inputs": "the film"}).json()["results"]
        assert set(result["scores"]) == {"bad", "good"}
        assert "bertolt_queue_inputs 3.0" in client.get("/metrics").text
        assert not old._stopped
        old.open.set()
        asking.join()
        assert [set(each["scores"]) for each in answers[0].json()["results"]] == [
            {"negative", "positive"}
        ] * 2
        while (found := client.get(f"/v1/models/{NAME}/table/{table}").json())["state"] == "running":
            time.sleep(0.01)
        assert set(found["rows"][0]["result"]["scores"]) == {"negative", "positive"}


def test_what_cannot_be_loaded_leaves_the_old_model_in_place(model: Path) -> None:
    with running(model) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        spoil(model)
        with pytest.raises(UnavailableError, match="the old models go on"):
            server.reload()
        assert client.post(PREDICT, json={"inputs": "the film"}).status_code == 200


def test_a_reload_over_http_needs_keys(model: Path) -> None:
    path = f"/v1/models/{NAME}/reload"
    with running(model) as server:
        answer = httpx.post(server.url + path, timeout=30)
        assert answer.status_code == 403
        assert "SIGHUP" in answer.json()["error"]["do"]
    with running(model, keys=(KEY,)) as server:
        headers = {"Authorization": f"Bearer {KEY}"}
        assert httpx.post(server.url + path, timeout=30).status_code == 401
        assert httpx.post(server.url + "/v1/models/x/reload", headers=headers).status_code == 404
        assert httpx.post(server.url + path, headers=headers, timeout=30).json()["changed"] is False
        rename_labels(model)
        answer = httpx.post(server.url + path, headers=headers, timeout=30)
        assert answer.json() == {"name": NAME, "fingerprint": fingerprint(model)[:12], "changed": True}
        spoil(model)
        assert httpx.post(server.url + path, headers=headers, timeout=30).status_code == 503


def test_the_gallery_is_of_the_model_that_was_read(
    sentiment: Path, model: Path, folder: Callable[[str], Path]
) -> None:
    with running(model) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        rename_labels(model)
        while (found := client.get(f"/v1/models/{NAME}/examples").json())["state"] in ("new", "running"):
            time.sleep(0.01)
        assert found["state"] == "failed"
        assert "replaced" in found["error"]["found"]
