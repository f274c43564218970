"""The backbones and the data set that the other tests stand on."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from tiny import FAMILIES, NEGATIVE, POSITIVE, write_backbone

TEXT = "the film was gorgeous"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_tiny_folder_is_complete_and_loads(tiny_folder: Callable[[str], Path], family: str) -> None:
    folder = tiny_folder(family)
    assert {path.name for path in folder.iterdir()} >= {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    config = json.loads((folder / "config.json").read_text())
    assert config["model_type"] == family
    assert config["max_position_embeddings"] == (514 if family in ("roberta", "mpnet") else 512)
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    assert 200 < len(tokenizer) == config["vocab_size"] < 1000
    assert config["pad_token_id"] == tokenizer.pad_token_id
    assert (config["pad_token_id"] == 1) is (family in ("roberta", "mpnet"))
    model.eval()
    batch = tokenizer([TEXT, "a " * 509 + "b"], return_tensors="pt", padding=True)
    assert batch["input_ids"].shape == (2, 512)
    with torch.inference_mode():
        long = model(**batch).last_hidden_state
        short = model(**tokenizer(TEXT, return_tensors="pt")).last_hidden_state
    assert long.shape == (2, 512, 16)
    torch.testing.assert_close(long[:1, : short.shape[1]], short, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("family", "tokens"),
    [
        ("bert", ["[CLS]", "the", "film", "was", "gorgeous", "[SEP]"]),
        ("distilbert", ["[CLS]", "the", "film", "was", "gorgeous", "[SEP]"]),
        ("roberta", ["<s>", "t", "h", "e", "Ġfilm", "Ġwas", "Ġgorgeous", "</s>"]),
        ("mpnet", ["<s>", "the", "film", "was", "gorgeous", "</s>"]),
        ("modernbert", ["[CLS]", "t", "h", "e", "Ġfilm", "Ġwas", "Ġgorgeous", "[SEP]"]),
    ],
)
def test_words_of_the_data_set_are_tokens(
    tiny_folder: Callable[[str], Path], family: str, tokens: list[str]
) -> None:
    assert AutoTokenizer.from_pretrained(tiny_folder(family))(TEXT).tokens() == tokens


@pytest.mark.parametrize("family", FAMILIES)
def test_other_ascii_text_has_no_unknown_token(tiny_folder: Callable[[str], Path], family: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_folder(family))
    encoded = tokenizer('Zyxq\'s 42 OPINIONS -- <br/> [sic] ~100% @home; "why"?')
    assert tokenizer.unk_token_id not in encoded["input_ids"]
    assert len(encoded["input_ids"]) > 20


@pytest.mark.parametrize("family", FAMILIES)
def test_a_tiny_folder_is_the_same_every_time(
    tiny_folder: Callable[[str], Path], tmp_path: Path, family: str
) -> None:
    state = torch.random.get_rng_state()
    write_backbone(tmp_path, family)
    assert torch.equal(torch.random.get_rng_state(), state)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (tiny_folder(family) / path.name).read_bytes(), path.name


def test_the_sentences_are_different_and_told_apart_by_their_words(sentiment_csv: Path) -> None:
    with sentiment_csv.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {"text": "the film was gorgeous and moving .", "label": "positive"}
    assert rows[1] == {"text": "the film was dull and boring .", "label": "negative"}
    assert Counter(row["label"] for row in rows) == {"positive": 120, "negative": 120}
    assert len({row["text"] for row in rows}) == 240
    for row in rows:
        found = [word for word in row["text"].split() if word in POSITIVE + NEGATIVE]
        assert len(found) == len(set(found)) == 2
        assert set(found) <= set(POSITIVE if row["label"] == "positive" else NEGATIVE)
