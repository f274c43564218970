"""Tiny backbones with random weights, and a data set that they can learn, made offline in milliseconds.

The words of the data set are tokens of every tiny vocabulary; all other text falls into letters or
bytes, so that no text is lost to the unknown token unless it holds what is not ASCII (word pieces only).
"""

from __future__ import annotations

import string
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    AutoModel,
    BertConfig,
    BertTokenizer,
    DistilBertConfig,
    DistilBertTokenizer,
    ElectraConfig,
    ModernBertConfig,
    MPNetConfig,
    MPNetTokenizer,
    PreTrainedConfig,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaTokenizer,
)

FAMILIES = ("bert", "distilbert", "roberta", "modernbert", "mpnet")

POSITIVE = ("gorgeous", "moving", "superb", "witty", "charming", "brilliant",
            "touching", "delightful", "masterful", "warm", "thrilling", "honest")  # fmt: skip
NEGATIVE = ("dull", "boring", "awful", "clumsy", "lifeless", "tedious",
            "shallow", "dreadful", "messy", "cold", "predictable", "hollow")  # fmt: skip
NOUNS = ("film", "plot", "cast", "script", "ending", "score", "story", "camera", "hero", "drama")
OPENINGS = ("the", "this", "i thought the", "we found that the", "for once the", "to me the")
CLOSINGS = (".", "from start to end .", "in every scene .", "and i will tell my friends .", "!")
PIECES = ("##s", "##ed", "##ing", "##er", "##est", "##ly", "##ness", "##less", "##ful", "##ment")

# Wide enough that every token shows in the output; at the usual 0.02, 16 dimensions hardly tell texts apart.
INITIALIZER_RANGE = 0.2


def sentiment_rows() -> list[tuple[str, str]]:
    """240 different sentences with their labels, ``positive`` and ``negative`` in turn."""
    rows = []
    for number in range(len(POSITIVE) * len(NOUNS)):
        first, noun = number % len(POSITIVE), NOUNS[number // len(POSITIVE)]
        opening, closing = OPENINGS[number * 7 % len(OPENINGS)], CLOSINGS[number * 3 % len(CLOSINGS)]
        second = (first + 1 + number // len(POSITIVE)) % len(POSITIVE)
        for label, words in (("positive", POSITIVE), ("negative", NEGATIVE)):
            rows.append((f"{opening} {noun} was {words[first]} and {words[second]} {closing}", label))
    return rows


def words() -> list[str]:
    """Every word of the data set, in a fixed order."""
    return sorted({word for text, _ in sentiment_rows() for word in text.split() if word.isalpha()})


def write_backbone(folder: Path, family: str) -> None:
    """Writes a complete Hugging Face folder: config, weights without a head, tokenizer.

    Args:
        folder: where to; made if it is missing.
        family: one of ``FAMILIES``, or ``electra``.
    """
    tokenizer = tiny_tokenizer(family)
    config = _config(family, tokenizer)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModel.from_config(config)  # type: ignore[no-untyped-call]
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _config(family: str, tokenizer: PreTrainedTokenizerBase) -> PreTrainedConfig:
    size = len(tokenizer)
    pad = tokenizer.pad_token_id
    if family == "distilbert":
        return DistilBertConfig(
            vocab_size=size, pad_token_id=pad, dim=16, hidden_dim=32, n_layers=2, n_heads=2,
            max_position_embeddings=512, initializer_range=INITIALIZER_RANGE,
        )  # fmt: skip
    shared = {
        "vocab_size": size, "pad_token_id": pad, "hidden_size": 16, "intermediate_size": 32,
        "num_hidden_layers": 2, "num_attention_heads": 2, "initializer_range": INITIALIZER_RANGE,
    }  # fmt: skip
    if family == "bert":
        return BertConfig(**shared, max_position_embeddings=512)
    if family == "electra":  # whose embeddings are narrower
        return ElectraConfig(**shared, embedding_size=8, max_position_embeddings=512)
    if family == "roberta":  # whose positions begin after the padding id
        return RobertaConfig(
            **shared, max_position_embeddings=514, type_vocab_size=1,
            bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        )  # fmt: skip
    if family == "mpnet":  # positions as RoBERTa's, and a bias for the distance of two tokens
        return MPNetConfig(
            **shared, max_position_embeddings=514,
            bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        )  # fmt: skip
    return ModernBertConfig(
        **shared, max_position_embeddings=512, local_attention=8,
        layer_types=["full_attention", "sliding_attention"],
        bos_token_id=tokenizer.cls_token_id, cls_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id, sep_token_id=tokenizer.sep_token_id,
    )  # fmt: skip


def tiny_tokenizer(family: str) -> PreTrainedTokenizerBase:
    """A tokenizer of one of ``FAMILIES`` that knows the words of the data set."""
    if family in ("bert", "electra"):
        return BertTokenizer(vocab=_word_pieces(), model_max_length=512)
    if family == "distilbert":
        return DistilBertTokenizer(vocab=_word_pieces(), model_max_length=512)
    if family == "mpnet":
        return MPNetTokenizer(vocab=_word_pieces("<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>"),
                              model_max_length=512)  # fmt: skip
    tokens, merges = _byte_pairs()
    if family == "roberta":
        vocab = {
            token: number for number, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", *tokens, "<mask>"])
        }
        return RobertaTokenizer(vocab=vocab, merges=merges, model_max_length=512)  # type: ignore[arg-type]
    if family == "modernbert":
        return _modernbert_tokenizer(tokens, merges)
    raise ValueError(f"expected a family out of {FAMILIES}; found {family!r}")


def _word_pieces(*specials: str) -> dict[str, int]:
    characters = sorted(set(string.ascii_letters + string.digits + string.punctuation))
    tokens = [*(specials or ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")), *characters]
    tokens += [f"##{character}" for character in characters if character.isalnum()]
    tokens += [*PIECES, *(word for word in words() if len(word) > 1)]
    return {token: number for number, token in enumerate(dict.fromkeys(tokens))}  # ##s stands there twice


def _byte_pairs() -> tuple[list[str], list[tuple[str, str]]]:
    """The 256 bytes, and merges that build each word with the blank before it from left to right."""
    tokens = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = []
    for word in words():
        for end in range(len(word)):
            pair = ("Ġ" + word[:end], word[end])
            if pair not in merges:
                merges.append(pair)
    return [*tokens, *("".join(pair) for pair in merges)], merges


def _modernbert_tokenizer(tokens: list[str], merges: list[tuple[str, str]]) -> PreTrainedTokenizerFast:
    specials = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]  # after all others, as in the published one
    vocab = {token: number for number, token in enumerate([*tokens, *specials])}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[(token, vocab[token]) for token in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        pad_token="[PAD]", mask_token="[MASK]", model_max_length=512,
        model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip
