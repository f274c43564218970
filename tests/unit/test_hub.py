"""Models and data sets of a Hub that runs on this machine: revisions, tokens, downloads that are cut off."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import pytest

import bertolt
from bertolt.errors import NetworkError, UnknownNameError
from fake_hub import FakeHub, fake_hub
from hub_models import change_config, labels, write_plain

TEXT = "the film was gorgeous ."


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub") / "main"
    write_plain(folder, "distilbert", "AutoModelForSequenceClassification", labels("NEGATIVE", "POSITIVE"))
    (folder / "README.md").write_text("---\nlicense: mit\nlanguage: en\n---\n", encoding="utf-8")
    return folder


@pytest.fixture
def hub(classifier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A Hub with a model in two revisions, and an empty cache; as if its address stood in HF_ENDPOINT."""
    older = tmp_path / "older"
    shutil.copytree(classifier, older)
    change_config(older, lambda values: values.update(id2label={"0": "bad", "1": "good"}))
    constants = huggingface_hub.constants
    with fake_hub() as server:
        server.revisions["owner/films"] = {"main": classifier, "v1.0": older}
        template = server.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", server.address)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 4096)
        monkeypatch.chdir(tmp_path)
        yield server


def scores(name: str) -> dict[str, float]:
    found: dict[str, float] = bertolt.pipeline(name, quiet=True)(TEXT).scores
    return found


def test_a_revision_and_then_offline(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scores("owner/films").keys() == {"NEGATIVE", "POSITIVE"}
    older = scores("owner/films@v1.0")
    assert older.keys() == {"bad", "good"}
    commit = hub.commit("owner/films", "v1.0")
    assert scores(f"owner/films@{commit}") == older
    with pytest.raises(UnknownNameError, match=r"a revision of owner/films.*'v9'"):
        scores("owner/films@v9")
    hub.asked.clear()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert scores("owner/films@v1.0") == older
    with pytest.raises(NetworkError, match="while HF_HUB_OFFLINE is set"):
        scores("owner/films@v9")
    assert hub.asked == []


def test_an_unknown_model(hub: FakeHub) -> None:
    with pytest.raises(NetworkError, match=r"a private or an unknown id; no token is set.*set HF_TOKEN"):
        scores("owner/none")


def test_describe_downloads_no_weights(hub: FakeHub) -> None:
    found = bertolt.describe("owner/films@v1.0")
    assert found.labels == ("bad", "good")
    assert found.where == f"owner/films@{hub.commit('owner/films', 'v1.0')}"
    assert (found.licence, found.languages, found.weights) == ("mit", ("en",), "safetensors")
    assert found.parameters is not None
    assert found.parameters > 10_000
    asked = [(method, wanted) for method, path, wanted in hub.asked if path.endswith("model.safetensors")]
    assert asked
    assert all(method == "HEAD" or wanted for method, wanted in asked)


def test_a_private_repository_wants_the_token(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.private.add("owner/films")
    for use in (scores, bertolt.describe):
        with pytest.raises(NetworkError, match=r"answer 401.*no token is set.*set HF_TOKEN"):
            use("owner/films")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(NetworkError, match="the token in HF_TOKEN does not allow it") as refused:
        scores("owner/films")
    assert "hf_wrong" not in str(refused.value)
    monkeypatch.setenv("HF_TOKEN", hub.token)
    assert scores("owner/films").keys() == {"NEGATIVE", "POSITIVE"}


def test_a_gated_repository(hub: FakeHub) -> None:
    hub.gated.add("owner/films")
    with pytest.raises(
        NetworkError, match=r"its owners must grant it first.*https://huggingface.co/owner/films"
    ):
        scores("owner/films")


def test_a_download_that_is_cut_off_goes_on_where_it_stopped(hub: FakeHub, classifier: Path) -> None:
    hub.cut_after = (classifier / "model.safetensors").stat().st_size // 2
    assert scores("owner/films").keys() == {"NEGATIVE", "POSITIVE"}
    ranges = [wanted for _, path, wanted in hub.asked if path.endswith("model.safetensors") and wanted]
    # The library keeps what came in whole pieces, here of 4,096 bytes.
    assert ranges[0] == f"bytes={hub.cut_after // 4096 * 4096}-"
