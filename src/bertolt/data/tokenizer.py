"""Text to token ids and back to characters, safe to share between threads.

Truncation and padding are cleared once, when a tokenizer is loaded, and never set again: fast tokenizers
keep both as state, and calls with different settings from several threads return wrong lengths in silence.
Cutting is ``bertolt.data.truncation``, padding is ``bertolt.data.batching``.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding
from tokenizers import Tokenizer as Core
from tokenizers.models import Unigram

from bertolt.errors import FolderError, MissingExtraError

Ids = NDArray[np.int32]
# Settings of one call, or of the machine that loaded it, that transformers would save with a tokenizer.
_BAKED_IN = (
    "max_length",
    "stride",
    "truncation_strategy",
    "pad_to_multiple_of",
    "local_files_only",
    "is_local",
)
#: Families whose networks take no token types.
_WITHOUT_TYPES = ("distilbert", "modernbert", "bart", "mbart", "t5", "mt5")
_SURROGATE = re.compile("[\ud800-\udfff]")
NO_OFFSETS: NDArray[np.int32] = np.zeros((0, 2), dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one text, without special tokens.

    Args:
        ids: shape (n,).
        offsets: first character and the one after the last of each token, shape (n, 2); shape (0, 2)
            where they were not asked for.
        unknown: how many of them stand for characters that the vocabulary lacks.
    """

    ids: Ids
    offsets: NDArray[np.int32]
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Template:
    """The special tokens around one text, or around and between two.

    Args:
        before, between, after: their ids; ``between`` is unused for one text.
        types: the token types of before, first text, between, second text, after.
    """

    before: tuple[int, ...]
    between: tuple[int, ...]
    after: tuple[int, ...]
    types: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many special tokens it adds."""
        return len(self.before) + len(self.between) + len(self.after)


class TokenCount(NamedTuple):
    """How many tokens a text has, without special tokens, and how many of them are unknown."""

    tokens: int
    unknown: int


class TokenCounter:
    """Counts tokens with the ``tokenizers`` library alone: transformers takes seconds to load.

    Args:
        core: a tokenizer; this object clears its truncation and padding.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._core.no_truncation()
        self._core.no_padding()
        self._unknown = unknown_id(core)

    @classmethod
    def from_folder(cls, folder: Path) -> TokenCounter:
        """Reads ``tokenizer.json``; a folder without one is read by transformers.

        Raises:
            FolderError: the folder has no tokenizer that can be read.
        """
        file = folder / "tokenizer.json"
        if not file.is_file():
            return cls(Tokenizer.from_folder(folder).core)
        try:
            return cls(Core.from_file(str(file)))
        except Exception as error:
            if type(error) is not Exception:  # tokenizers raises bare ones
                raise
            raise _unreadable(folder, error) from error

    def __call__(self, texts: Sequence[str]) -> list[TokenCount]:
        """The counts of each text."""
        counts: list[TokenCount] = []
        for start in range(0, len(texts), 1000):
            clean = [replace_surrogates(text) for text in texts[start : start + 1000]]
            for encoding in self._core.encode_batch_fast(clean, add_special_tokens=False):
                unknown = 0 if self._unknown is None else encoding.ids.count(self._unknown)
                counts.append(TokenCount(len(encoding.ids), unknown))
        return counts


class Tokenizer:
    """A fast tokenizer with its truncation and padding cleared.

    Args:
        fast: a ``transformers`` fast tokenizer; this object owns it from now on.
        types: whether the network tells the tokens of a second text from those of the first.
    """

    def __init__(self, fast: Any, *, types: bool = True) -> None:
        self._fast = fast
        self._types = types
        self._core: Core = fast.backend_tokenizer
        self._core.no_truncation()
        self._core.no_padding()
        self._unknown = unknown_id(self._core)
        for setting in _BAKED_IN:
            fast.init_kwargs.pop(setting, None)  # what transformers writes into tokenizer_config.json

    @classmethod
    def from_folder(cls, folder: Path | str, *, embeddings: Any = None) -> Tokenizer:
        """Loads the tokenizer of a Hugging Face folder.

        Args:
            folder: that of a model.
            embeddings: how many token ids the network knows, ``vocab_size`` of its configuration; None where
                that is not known. Tokens that were added later and occur in few texts may have larger ids.

        Raises:
            FolderError: the folder has no tokenizer that can be read, or one with ids that the network lacks.
            MissingExtraError: it has a SentencePiece model alone, and the extra ``hub`` is not installed.
        """
        _check_sentencepiece(Path(folder))
        from transformers import AutoTokenizer

        try:
            fast = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        except Exception as error:
            # For a damaged file tokenizers raises bare Exceptions, and transformers these; else it is a bug.
            from huggingface_hub.errors import StrictDataclassError  # of config.json, which is read as well

            expected = (
                OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError,
                StrictDataclassError,
            )  # fmt: skip
            if type(error) is not Exception and not isinstance(error, expected):
                raise
            raise _unreadable(folder, error) from error
        if not hasattr(fast, "backend_tokenizer"):
            raise FolderError(
                "a fast tokenizer (tokenizer.json)",
                f"{type(fast).__name__} in {str(folder)!r}, which is written in Python only",
                "choose another model: some families (CANINE, ESM and others) have no fast tokenizer, and "
                "theirs cannot be converted",
            )
        found = cls(fast, types=_has_types(Path(folder)))
        if isinstance(embeddings, int):
            found._check_ids(embeddings, folder)
        return found

    def _check_ids(self, embeddings: int, folder: Path | str) -> None:
        special = [each for each in self._fast.all_special_ids if each is not None]
        ids = [*self._core.get_vocab(with_added_tokens=False).values(), *special]
        if max(ids, default=0) >= embeddings:
            raise FolderError(
                f"token ids below {embeddings:,}, the vocab_size in config.json",
                f"the id {max(ids):,} in the tokenizer in {str(folder)!r}",
                "copy the whole model folder again: tokenizer and weights do not belong together",
            )

    def tokens(self, texts: Sequence[str], *, offsets: bool = False) -> list[Tokens]:
        """Tokenises many texts at once, in parallel in Rust.

        Lone surrogates, which no UTF-8 text can hold, are read as U+FFFD; that keeps every offset true.
        """
        clean = [text if text.isascii() else replace_surrogates(text) for text in texts]
        encode = self._core.encode_batch if offsets else self._core.encode_batch_fast
        found = []
        for encoding in encode(clean, add_special_tokens=False):
            ids = np.asarray(encoding.ids, dtype=np.int32)
            where = np.asarray(encoding.offsets, dtype=np.int32).reshape(-1, 2) if offsets else NO_OFFSETS
            unknown = 0 if self._unknown is None else int(np.count_nonzero(ids == self._unknown))
            found.append(Tokens(ids, where, unknown))
        return found

    def words(self, texts: Sequence[str]) -> list[Ids]:
        """The number of the word that each token of each text is a part of, from 0; -1 at special tokens.

        Words are those of the vocabulary's own pre-tokenizer.

        Returns:
            An array for each text, as long as that of its tokens.

        Raises:
            FolderError: the tokenizer cuts texts without finding words first.
        """
        if self._core.pre_tokenizer is None:
            raise FolderError(
                "a tokenizer that finds words before it cuts them into pieces",
                "one without a pre-tokenizer",
                "leave out what needs whole words (--whole-word), or choose another model",
            )
        clean = [replace_surrogates(text) for text in texts]
        found = self._core.encode_batch(clean, add_special_tokens=False)
        return [
            np.asarray([-1 if word is None else word for word in encoding.word_ids], dtype=np.int32)
            for encoding in found
        ]

    @property
    def core(self) -> Core:
        """The tokenizer of the ``tokenizers`` library. Its truncation and padding must stay off."""
        return self._core

    def token_to_id(self, token: str) -> int | None:
        """The id of one token, or None where the vocabulary lacks it."""
        return self._core.token_to_id(token)

    def id_to_token(self, token_id: int) -> str | None:
        """The token of one id."""
        return self._core.id_to_token(token_id)

    def decode(self, ids: Sequence[int]) -> str:
        """Token ids as text."""
        return self._core.decode(list(ids), skip_special_tokens=False)

    @property
    def vocab_size(self) -> int:
        """Tokens in the vocabulary, added ones included."""
        return self._core.get_vocab_size(with_added_tokens=True)

    @property
    def pad_id(self) -> int:
        """The id that fills up a row; it is masked, so any will do where the tokenizer names none.

        The end-of-text token comes first: decoders look for the last token that is no padding.
        """
        fast = self._fast
        ids = (fast.pad_token_id, fast.eos_token_id, fast.unk_token_id)
        return next((each for each in ids if each is not None), 0)

    @property
    def largest_id(self) -> int:
        """The largest id that a text may get."""
        return max(self._core.get_vocab(with_added_tokens=True).values(), default=0)

    @property
    def mask_token(self) -> str | None:
        """The token that stands for a missing word, or None where the family has none."""
        found: str | None = self._fast.mask_token
        return found

    @property
    def special_ids(self) -> frozenset[int]:
        """The ids of all special tokens."""
        return frozenset(self._fast.all_special_ids)

    @property
    def _typed(self) -> bool:
        """Whether the network reads token types: DistilBERT has none, but its tokenizer numbers texts."""
        return self._types and "token_type_ids" in self._fast.model_input_names

    @cached_property
    def single(self) -> Template:
        """What stands around one text."""
        return _template(self._core.encode("a"), typed=self._typed)

    @cached_property
    def pair(self) -> Template:
        """What stands around and between two texts."""
        return _template(self._core.encode("a", "a"), typed=self._typed)

    def save(self, folder: Path, max_length: int) -> None:
        """Writes the tokenizer's files, with ``model_max_length`` set and nothing baked in."""
        self._fast.model_max_length = max_length
        if self._fast.pad_token is None and self._fast.eos_token is not None:
            self._fast.pad_token = self._fast.eos_token  # as `pad_id` has it
        self._fast.save_pretrained(folder)


def unknown_id(core: Core) -> int | None:
    """The id of the token for what a vocabulary lacks; None where it lacks nothing, as one of bytes does."""
    if isinstance(core.model, Unigram):
        found: int | None = json.loads(core.to_str())["model"]["unk_id"]
        return found
    token = getattr(core.model, "unk_token", None)
    return None if token is None else core.token_to_id(token)


def _check_sentencepiece(folder: Path) -> None:
    """Says which extra converts a tokenizer that comes as a SentencePiece model alone.

    transformers converts it, with two libraries that it does not require.
    """
    if (folder / "tokenizer.json").is_file() or not any(folder.glob("*.model")):
        return
    if any(importlib.util.find_spec(name) is None for name in ("sentencepiece", "google.protobuf")):
        raise MissingExtraError("hub", f"the SentencePiece tokenizer in {str(folder)!r}")


def _has_types(folder: Path) -> bool:
    """Whether the network has embeddings for two types of tokens, as far as its configuration says.

    Some folders pair a tokenizer that numbers texts with a network that has one type, such as RoBERTa, or
    none, such as DistilBERT.
    """
    file = folder / "config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except ValueError as error:
        raise FolderError(
            f"valid JSON in {str(file)!r}", _first_line(error), "copy the whole model folder again"
        ) from error
    if config.get("model_type") in _WITHOUT_TYPES:
        return False
    return int(config.get("type_vocab_size", 2)) > 1


def replace_surrogates(text: str) -> str:
    """The text with every lone surrogate replaced by U+FFFD, character for character."""
    return _SURROGATE.sub("\ufffd", text)


def without_surrogates(value: Any) -> Any:
    """A value of an example, with ``replace_surrogates`` in all of its strings."""
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, Mapping):
        return {key: without_surrogates(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_surrogates(inner) for inner in value]
    return value


def _template(encoding: Encoding, *, typed: bool) -> Template:
    ids, sequences = encoding.ids, encoding.sequence_ids
    types = encoding.type_ids if typed else [0] * len(ids)
    first = [index for index, sequence in enumerate(sequences) if sequence == 0]
    second = [index for index, sequence in enumerate(sequences) if sequence == 1]
    middle = range(first[-1] + 1, second[0]) if second else range(0)
    end = range((second or first)[-1] + 1, len(ids))

    def kind(positions: Sequence[int]) -> int:
        return types[positions[0]] if positions else 0

    return Template(
        before=tuple(ids[: first[0]]),
        between=tuple(ids[index] for index in middle),
        after=tuple(ids[index] for index in end),
        types=(kind(range(first[0])), kind(first), kind(middle), kind(second), kind(end)),
    )


def _unreadable(folder: Path | str, error: BaseException) -> FolderError:
    return FolderError(
        "tokenizer files that can be read",
        f"in {str(folder)!r}: {_first_line(error)}",
        "copy the whole model folder again",
    )


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:200] or type(error).__name__
