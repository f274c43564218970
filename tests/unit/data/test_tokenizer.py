"""Text to token ids and back to characters."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer as Core
from tokenizers.models import Unigram
from transformers import AutoTokenizer

from bertolt.data.features import assemble
from bertolt.data.tokenizer import TokenCounter, Tokenizer, replace_surrogates, unknown_id
from bertolt.errors import FolderError
from bertolt.models.backbone import load_backbone
from tiny import FAMILIES

Folder = Callable[[str], Path]
TEXTS = ("the film was gorgeous .", "", "a", "dull " * 200, "naïve café 😀 ok", "tabs\tand\nlines")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("count", [1, 2])
def test_templates_are_those_of_transformers(tiny_folder: Folder, family: str, count: int) -> None:
    folder = tiny_folder(family)
    ours, theirs = Tokenizer.from_folder(folder), AutoTokenizer.from_pretrained(folder)
    for text in TEXTS:
        texts = [text, "the plot was dull ."][:count]
        template = ours.single if count == 1 else ours.pair
        ids, types = assemble(template, [tokens.ids for tokens in ours.tokens(texts)])
        expected = theirs(*texts, return_token_type_ids=True)
        assert ids.tolist() == expected["input_ids"]
        if "token_type_ids" in theirs.model_input_names:
            assert (np.zeros_like(ids) if types is None else types).tolist() == expected["token_type_ids"]
        else:
            assert types is None


@pytest.mark.parametrize(
    ("family", "before", "between", "types"),
    [
        ("bert", "[CLS]", ["[SEP]"], (0, 0, 0, 1, 1)),
        ("distilbert", "[CLS]", ["[SEP]"], (0, 0, 0, 0, 0)),  # it has no token types
        ("roberta", "<s>", ["</s>", "</s>"], (0, 0, 0, 0, 0)),
        ("modernbert", "[CLS]", ["[SEP]"], (0, 0, 0, 0, 0)),
    ],
)
def test_the_template_of_a_pair(
    tiny_folder: Folder, family: str, before: str, between: list[str], types: tuple[int, ...]
) -> None:
    tokenizer = Tokenizer.from_folder(tiny_folder(family))
    template = tokenizer.pair
    assert [tokenizer.id_to_token(each) for each in template.before] == [before]
    assert [tokenizer.id_to_token(each) for each in template.between] == between
    assert [tokenizer.id_to_token(each) for each in template.after] == between[:1]
    assert template.types == types
    assert template.size == 2 + len(between)
    assert tokenizer.single.size == 2


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "text",
    [
        "the film was 😀 gorgeous 👩‍👩‍👧 .",
        "caf" + unicodedata.normalize("NFD", "é") + " was warm .",
        "the 映画 film",
        "lone \ud83d surrogate \udc00 and film .",
        "a pair of them \ud83d" + "\ude00 then film .",
        "  blanks  around \t film . ",
    ],
)
def test_offsets_are_characters_of_the_original(tiny_folder: Folder, family: str, text: str) -> None:
    tokenizer = Tokenizer.from_folder(tiny_folder(family))
    (tokens,) = tokenizer.tokens([text], offsets=True)
    assert tokens.offsets.shape == (len(tokens.ids), 2)
    assert (tokens.offsets[:, 0] <= tokens.offsets[:, 1]).all()
    assert tokens.offsets.max(initial=0) <= len(text)
    covered = {index for start, stop in tokens.offsets for index in range(start, stop)}
    lost = "".join(char for index, char in enumerate(text) if index not in covered)
    assert all(char.isspace() or unicodedata.combining(char) or ord(char) > 0x2000 for char in lost), lost
    for word in ("film", "gorgeous", "warm"):
        for start in [text.find(word)] * (word in text):
            places = [place for place in tokens.offsets if place[0] <= start + 1 < place[1]]
            assert [text[first:last].strip() for first, last in places] == [word]


@pytest.mark.parametrize("family", FAMILIES)
def test_offsets_are_those_of_the_tokens_without_them(tiny_folder: Folder, family: str) -> None:
    tokenizer = Tokenizer.from_folder(tiny_folder(family))
    for one, other in zip(tokenizer.tokens(TEXTS), tokenizer.tokens(TEXTS, offsets=True), strict=True):
        assert one.ids.tolist() == other.ids.tolist()
        assert one.offsets.shape == (0, 2)


def test_each_lone_surrogate_becomes_one_replacement_character() -> None:
    assert replace_surrogates("a\ud83db") == "a\ufffdb"
    assert replace_surrogates("\udc00") == "\ufffd"
    assert replace_surrogates("\ud83d" + "\ude00!") == "\ufffd\ufffd!"  # two characters stay two
    assert replace_surrogates("😀 é") == "😀 é"


@pytest.mark.parametrize("family", FAMILIES)
def test_threads_get_what_one_gets(tiny_folder: Folder, family: str) -> None:
    tokenizer = Tokenizer.from_folder(tiny_folder(family))
    random = np.random.default_rng(0)
    lists = [
        ["film " * int(size) + "dull" for size in random.integers(0, 300, size=random.integers(1, 20))]
        for _ in range(60)
    ]
    alone = [[each.ids.tolist() for each in tokenizer.tokens(texts)] for texts in lists]

    def work(texts: list[str]) -> list[list[int]]:
        offsets = len(texts) % 2 == 0
        return [each.ids.tolist() for each in tokenizer.tokens(texts, offsets=offsets)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, lists)) == alone


def _bake_in(folder: Path) -> None:
    file = folder / "tokenizer.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["truncation"] = {"direction": "Right", "max_length": 16, "strategy": "LongestFirst", "stride": 0}
    content["padding"] = {
        "strategy": {"Fixed": 16}, "direction": "Right", "pad_to_multiple_of": None,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]",
    }  # fmt: skip
    file.write_text(json.dumps(content), encoding="utf-8")


def test_baked_in_truncation_and_padding_are_cleared(tiny_folder: Folder, tmp_path: Path) -> None:
    folder = tmp_path / "baked"
    shutil.copytree(tiny_folder("bert"), folder)
    _bake_in(folder)
    tokenizer = Tokenizer.from_folder(folder)
    assert [len(each.ids) for each in tokenizer.tokens(["film", "film " * 100])] == [1, 100]
    tokenizer.save(tmp_path / "saved", 64)
    saved = json.loads((tmp_path / "saved" / "tokenizer.json").read_text(encoding="utf-8"))
    assert saved["truncation"] is None
    assert saved["padding"] is None
    config = json.loads((tmp_path / "saved" / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert config["model_max_length"] == 64
    assert not {"max_length", "stride", "truncation_strategy", "local_files_only"} & set(config)
    again = AutoTokenizer.from_pretrained(tmp_path / "saved")
    assert [len(ids) for ids in again(["film", "film " * 60])["input_ids"]] == [3, 62]


def test_the_packaged_tokenizer_is_cleared() -> None:
    folder = load_backbone("minilm").folder
    content = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    assert content["truncation"]["max_length"] == 128  # why clearing is needed
    assert content["padding"] is not None
    tokenizer = Tokenizer.from_folder(folder)
    assert [len(each.ids) for each in tokenizer.tokens(["film", "film " * 700])] == [1, 700]


def test_decoding_and_names(tiny_folder: Folder) -> None:
    tokenizer = Tokenizer.from_folder(tiny_folder("bert"))
    (tokens,) = tokenizer.tokens(["the film was gorgeous"])
    assert tokenizer.decode(tokens.ids.tolist()) == "the film was gorgeous"
    number = tokenizer.token_to_id("film")
    assert number == tokens.ids[1]
    assert tokenizer.id_to_token(number) == "film"
    assert tokenizer.token_to_id("no such word") is None
    assert tokenizer.id_to_token(10**6) is None
    assert tokenizer.mask_token == "[MASK]"
    assert tokenizer.special_ids == {0, 1, 2, 3, 4}
    assert tokenizer.pad_id == 0
    assert Tokenizer.from_folder(tiny_folder("roberta")).pad_id == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": "1.0"}', '{"model": {"type": "BPE"}}'])
def test_a_damaged_tokenizer_gets_one_message(tiny_folder: Folder, tmp_path: Path, content: str) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(tiny_folder("bert"), folder)
    (folder / "tokenizer.json").write_text(content, encoding="utf-8")
    with pytest.raises(FolderError) as caught:
        Tokenizer.from_folder(folder)
    assert caught.value.expected == "tokenizer files that can be read"
    assert str(folder) in caught.value.found
    assert caught.value.do == "copy the whole model folder again"


@pytest.mark.parametrize(
    ("family", "unknown"), [("bert", 2), ("distilbert", 2), ("roberta", 0), ("modernbert", 0)]
)
def test_words_that_the_vocabulary_lacks_are_counted(tiny_folder: Folder, family: str, unknown: int) -> None:
    folder = tiny_folder(family)
    texts = ["the film ไทย 😀 .", "", "the film ."]
    found = Tokenizer.from_folder(folder).tokens(texts)
    assert [each.unknown for each in found] == [unknown, 0, 0]
    counts = TokenCounter.from_folder(folder)(texts)
    assert counts == [(len(each.ids), each.unknown) for each in found]
    assert [each.unknown for each in Tokenizer.from_folder(folder).tokens(texts, offsets=True)] == [
        unknown,
        0,
        0,
    ]


def test_the_unknown_piece_of_a_unigram_vocabulary() -> None:
    pieces = [("<pad>", 0.0), ("<unk>", 0.0), ("a", -1.0), ("b", -2.0)]
    assert unknown_id(Core(Unigram(pieces, unk_id=1))) == 1
    assert TokenCounter(Core(Unigram(pieces, unk_id=1)))(["abx", "ab"]) == [(3, 1), (2, 0)]
    assert unknown_id(Core(Unigram(pieces, unk_id=None))) is None


def test_a_folder_without_tokenizer_json_is_counted_too(tiny_folder: Folder, tmp_path: Path) -> None:
    folder = tiny_folder("bert")
    tokens = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    for name in ("config.json", "tokenizer_config.json"):
        shutil.copy(folder / name, tmp_path)
    (tmp_path / "vocab.txt").write_text("\n".join(sorted(tokens, key=tokens.__getitem__)))
    assert TokenCounter.from_folder(tmp_path)(TEXTS) == TokenCounter.from_folder(folder)(TEXTS)


def test_a_damaged_tokenizer_is_refused_by_the_counter(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(FolderError, match="tokenizer files that can be read"):
        TokenCounter.from_folder(tmp_path)
