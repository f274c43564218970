"""Hidden states on disk: the network's own, in windows where texts are long, and read by text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import FolderError
from bertolt.models.backbone import load_backbone
from bertolt.probing import store as module
from bertolt.probing.encoder import Encoder, load_encoder, random_encoder
from bertolt.probing.store import Store, TokenisedText, read_states, store_key
from bertolt.progress import NoProgress

CPU = torch.device("cpu")
TEXTS = ["the film was gorgeous", "dull", "the plot was dull and the cast was warm from start to end ."]


@pytest.fixture(params=["bert", "distilbert", "roberta", "modernbert"])
def read(request: pytest.FixtureRequest, tiny_folder: Callable[[str], Path]) -> tuple[Encoder, Tokenizer]:
    backbone = load_backbone(str(tiny_folder(request.param)))
    tokenizer = Tokenizer.from_folder(backbone.folder)
    return load_encoder(backbone, pad_id=tokenizer.pad_id, device=CPU), tokenizer


def _texts(tokenizer: Tokenizer) -> list[TokenisedText]:
    return [TokenisedText(each.ids, np.arange(len(each.ids))) for each in tokenizer.tokens(TEXTS)]


def test_states_are_those_of_the_network_alone(read: tuple[Encoder, Tokenizer]) -> None:
    encoder, tokenizer = read
    texts = _texts(tokenizer)
    found = read_states(encoder, texts, tokenizer.single, 64)
    place = 0
    for text in texts:
        template = tokenizer.single
        ids = torch.tensor([[*template.before, *text.ids.tolist(), *template.after]])
        with torch.inference_mode():
            alone = torch.stack(encoder.network(ids, output_hidden_states=True).hidden_states, dim=2)[0]
            table = encoder.network.get_input_embeddings()(ids)[0]  # type: ignore[operator]
        own = found[place : place + len(text.ids)].astype(np.float32)
        place += len(text.ids)
        inside = alone[len(template.before) : len(template.before) + len(text.ids)].numpy()
        np.testing.assert_allclose(own[:, 1:], inside, atol=3e-3, rtol=3e-3)
        lexical = torch.nn.functional.layer_norm(table, (encoder.width,))[len(template.before) :]
        np.testing.assert_allclose(own[:, 0], lexical[: len(text.ids)].numpy(), atol=3e-3, rtol=3e-3)


def test_shards_hold_whole_texts_and_are_computed_once(
    tiny_folder: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARD_TOKENS", 5)
    backbone = load_backbone(str(tiny_folder("bert")))
    tokenizer = Tokenizer.from_folder(backbone.folder)
    encoder = load_encoder(backbone, pad_id=0, device=CPU)
    texts = [
        *_texts(tokenizer),
        TokenisedText(np.asarray([5], np.int32), np.zeros(0, np.int64)),
        *_texts(tokenizer),
    ]
    store = Store(tmp_path / "states", texts)
    store.build(encoder, tokenizer.single, 64, NoProgress())
    files = sorted((tmp_path / "states").iterdir())
    assert len(files) == store.shards > 2
    every = read_states(encoder, texts, tokenizer.single, 64)
    starts = np.concatenate([[0], np.cumsum(store.counts)])
    for order in ([0], [5, 1], [2, 6, 4]):
        expected = np.concatenate([every[starts[text] : starts[text + 1]] for text in order])
        np.testing.assert_allclose(store.rows(order), expected, atol=2e-3)
    stamps = [file.stat().st_mtime_ns for file in files]
    files[1].unlink()
    store.build(encoder, tokenizer.single, 64, NoProgress())
    assert [file.stat().st_mtime_ns == stamp for file, stamp in zip(files, stamps, strict=True)].count(
        False
    ) == 1
    key = store_key(encoder, texts, 64)
    assert key != store_key(encoder, texts, 32)
    assert key != store_key(encoder, texts[:-1], 64)
    assert key != store_key(random_encoder(backbone, 0, pad_id=0, device=CPU), texts, 64)


def test_a_long_text_is_read_in_windows_and_no_token_is_lost(tiny_folder: Callable[[str], Path]) -> None:
    backbone = load_backbone(str(tiny_folder("bert")))
    tokenizer = Tokenizer.from_folder(backbone.folder)
    encoder = load_encoder(backbone, pad_id=0, device=CPU)
    (tokens,) = tokenizer.tokens(["the film was dull and the cast was warm . " * 5])
    text = TokenisedText(tokens.ids, np.arange(len(tokens.ids)))
    found = read_states(encoder, [text], tokenizer.single, 18)
    assert len(found) == len(tokens.ids)
    assert (np.abs(found.astype(np.float32)).sum(axis=2) > 0).all()
    whole = read_states(encoder, [text], tokenizer.single, 512)
    np.testing.assert_array_equal(found[:, 0], whole[:, 0])  # word pieces know nothing of windows


def test_random_networks_of_equal_seeds_are_equal(tiny_folder: Callable[[str], Path]) -> None:
    backbone = load_backbone(str(tiny_folder("bert")))
    one, same, other = (random_encoder(backbone, seed, pad_id=0, device=CPU) for seed in (0, 0, 1))
    trained = load_encoder(backbone, pad_id=0, device=CPU)
    first, second, third, real = (
        next(each.network.parameters()).detach() for each in (one, same, other, trained)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, third)
    assert first.shape == real.shape
    assert not torch.equal(third, real)  # the tiny network was drawn with seed 0 itself


def test_a_model_without_hidden_states_is_named(tiny_folder: Callable[[str], Path]) -> None:
    backbone = load_backbone(str(tiny_folder("bert")))
    encoder = load_encoder(backbone, pad_id=0, device=CPU)
    encoder.layers = 7
    text = TokenisedText(np.asarray([5, 6], np.int32), np.arange(2))
    with pytest.raises(FolderError, match="hidden states of its 7 layers"):
        read_states(encoder, [text], Tokenizer.from_folder(backbone.folder).single, 64)
