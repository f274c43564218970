"""Five folders as the Hub lays them out, built tiny: each is used by every verb.

DeBERTa-v3 (``.bin`` weights, ``spm.model`` alone), XLM-RoBERTa (``sentencepiece.bpe.model``), DistilBERT as
on SST-2 (``vocab.txt``), a cross-encoder for NLI, and multilingual-E5 (an encoder of sentence-transformers).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sentencepiece
import torch
import transformers

import bertolt
from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import FolderError, MissingExtraError
from bertolt.serving.served import open_folder
from bertolt.serving.settings import ServeSettings
from hub_models import labels, write_plain
from tiny import sentiment_rows

SMALL = {
    "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "initializer_range": 0.2,
}  # fmt: skip
PAIR = {"text": "the film was gorgeous .", "text_pair": "a dull film !"}
ROWS = [(text, {"positive": "POSITIVE"}.get(label, "NEGATIVE")) for text, label in sentiment_rows()[:40]]
#: What the SentencePiece models of each family keep apart, and the names of their files.
SPECIALS = {
    "deberta-v2": {"pad_id": 0, "bos_id": 1, "eos_id": 2, "unk_id": 3, "pad_piece": "[PAD]",
                   "bos_piece": "[CLS]", "eos_piece": "[SEP]", "unk_piece": "[UNK]"},
    "xlm-roberta": {},
    "camembert": {},
    "albert": {"pad_id": 0, "unk_id": 1, "bos_id": -1, "eos_id": -1, "pad_piece": "<pad>",
               "user_defined_symbols": ["[CLS]", "[SEP]", "[MASK]"]},
    "mt5": {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1},
}  # fmt: skip
FILES = {
    "deberta-v2": "spm.model", "albert": "spiece.model", "mt5": "spiece.model",
    "xlm-roberta": "sentencepiece.bpe.model", "camembert": "sentencepiece.bpe.model",
}  # fmt: skip
#: What is added to SentencePiece's numbers: XLM-RoBERTa and CamemBERT keep their own first ones.
SHIFT = {"xlm-roberta": 1, "camembert": 4}


def write_pieces(folder: Path, family: str) -> sentencepiece.SentencePieceProcessor:
    """Trains a tiny SentencePiece model and lays it out as the family's folders on the Hub."""
    folder.mkdir(parents=True, exist_ok=True)
    prefix = folder / "pieces"
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([text for text, _ in sentiment_rows()]),
        model_prefix=str(prefix), vocab_size=90, hard_vocab_limit=False, minloglevel=2, **SPECIALS[family],
    )  # fmt: skip
    prefix.with_suffix(".vocab").unlink()
    prefix.with_suffix(".model").rename(folder / FILES[family])
    settings = {"do_lower_case": False} if family == "deberta-v2" else {"model_max_length": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps({"model_type": family}), encoding="utf-8")
    return sentencepiece.SentencePieceProcessor(model_file=str(folder / FILES[family]))


@pytest.mark.parametrize("family", sorted(FILES))
def test_a_sentencepiece_model_alone_gives_its_own_tokens(family: str, tmp_path: Path) -> None:
    pieces = write_pieces(tmp_path, family)
    tokenizer = Tokenizer.from_folder(tmp_path)
    for text in ("the film was gorgeous .", "to me  the ending was cold"):
        wanted = [number + SHIFT.get(family, 0) for number in pieces.encode(text)]
        assert tokenizer.tokens([text])[0].ids.tolist() == wanted


def test_the_extra_that_reads_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pieces(tmp_path, "deberta-v2")
    monkeypatch.setattr("bertolt.data.tokenizer.importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'bertolt\[hub\]'"):
        Tokenizer.from_folder(tmp_path)


def _with_pieces(folder: Path, family: str, kind: str, **values: object) -> Path:
    """A model of transformers whose tokenizer is a SentencePiece model alone."""
    write_pieces(folder, family)
    size = len(transformers.AutoTokenizer.from_pretrained(folder))
    config = transformers.AutoConfig.for_model(
        family, vocab_size=size, max_position_embeddings=514, **SMALL, **values
    )
    torch.manual_seed(0)
    getattr(transformers, kind).from_config(config).save_pretrained(folder)
    return folder


def _as_pickle(folder: Path) -> None:
    """Puts ``pytorch_model.bin`` in the place of safetensors, as the oldest folders have it."""
    from safetensors.torch import load_file

    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("layouts")
    kind = "AutoModelForSequenceClassification"
    nli = labels("contradiction", "entailment", "neutral")
    found = {
        "deberta-v3": _with_pieces(home / "deberta-v3", "deberta-v2", kind, **labels("NEGATIVE", "POSITIVE")),
        "xlm-roberta": _with_pieces(
            home / "xlm-roberta", "xlm-roberta", kind, **labels("NEGATIVE", "POSITIVE"), pad_token_id=1
        ),
        "sst-2": write_plain(home / "sst-2", "distilbert", kind, labels("NEGATIVE", "POSITIVE")),
        "nli": write_plain(home / "nli", "roberta", kind, {**nli, "sentence_transformers": {"version": "5"}}),
        "e5": _with_pieces(home / "e5", "xlm-roberta", "AutoModel", pad_token_id=1),
    }
    _as_pickle(found["deberta-v3"])
    words = json.loads((found["sst-2"] / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    (found["sst-2"] / "tokenizer.json").unlink()
    (found["sst-2"] / "vocab.txt").write_text("\n".join(sorted(words, key=words.get)), encoding="utf-8")
    modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    (found["e5"] / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    (found["e5"] / "sentence_bert_config.json").write_text('{"max_seq_length": 512}', encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    home = tmp_path_factory.mktemp("rows")
    single, pairs = home / "single.jsonl", home / "pairs.jsonl"
    single.write_text(
        "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in ROWS), encoding="utf-8"
    )
    pairs.write_text(
        "".join(
            json.dumps({"text": text, "text_pair": "a film", "label": ("neutral", "entailment")[number % 2]})
            + "\n"
            for number, (text, _) in enumerate(ROWS)
        ),
        encoding="utf-8",
    )
    return lambda name: pairs if name == "nli" else single


@pytest.mark.parametrize("name", ["deberta-v3", "xlm-roberta", "sst-2", "nli"])
def test_a_classifier_in_every_verb(
    name: str, layouts: dict[str, Path], rows: Callable[[str], Path], tmp_path: Path
) -> None:
    folder, data = layouts[name], rows(name)
    given = PAIR if name == "nli" else PAIR["text"]
    pipeline = bertolt.pipeline(folder, device="cpu", quiet=True)
    theirs = transformers.pipeline("text-classification", model=str(folder), device="cpu", top_k=None)
    wanted = theirs(given) if name == "nli" else theirs([given])[0]
    scores = {each["label"]: each["score"] for each in wanted}
    assert pipeline(given).scores == pytest.approx(scores, abs=1e-5)
    described = bertolt.describe(str(folder))
    assert described.task == pipeline.model.task.name
    assert set(described.verbs.values()) == {"yes"}
    assert bertolt.evaluate(pipeline, data, quiet=True).metrics["accuracy"].value >= 0
    assert bertolt.explain(pipeline, given).tokens
    exported = bertolt.export(pipeline, out=tmp_path / "onnx", data=data, quiet=True)
    assert bertolt.pipeline(exported.folder)(given).scores == pytest.approx(scores, abs=1e-4)
    compared = bertolt.compare(pipeline, bertolt.pipeline(exported.folder), data, quiet=True)
    assert compared.n == len(ROWS)
    served = open_folder(str(folder), ServeSettings())
    assert served.summary()["labels"] == list(pipeline.model.spec.labels)
    done = bertolt.predict_file(pipeline, data, tmp_path / "out.csv")
    assert done.rows == len(ROWS)


def test_an_encoder_is_refused_where_a_head_is_needed_and_trained(
    layouts: dict[str, Path], rows: Callable[[str], Path], tmp_path: Path
) -> None:
    with pytest.raises(FolderError, match=r"an encoder without a trained head.*bertolt train DATA --model"):
        bertolt.pipeline(layouts["e5"])
    described = bertolt.describe(str(layouts["e5"]))
    assert (described.task, described.max_length) == (None, 512)
    trained = bertolt.train(
        rows("e5"), model=layouts["e5"], out=tmp_path / "m", epochs=1, device="cpu", threads=1, quiet=True
    )
    assert trained.pipeline("the film was gorgeous .").label in ("NEGATIVE", "POSITIVE")
