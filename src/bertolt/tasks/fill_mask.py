"""The missing word: candidates for ``[MASK]``, how likely a sentence is, and how well words are guessed."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from bertolt.data.columns import TEXT_NAMES, read_text
from bertolt.data.examples import MaskedExample
from bertolt.data.features import Encoded, Feature, assemble, take
from bertolt.data.masking import Masking, draw, mask_id_of, masking_for
from bertolt.data.table import Column, Layout, Row
from bertolt.data.tokenizer import Ids, Template, Tokenizer, Tokens
from bertolt.data.truncation import POLICIES, Piece, Policy, cut
from bertolt.errors import DataError, InputError, SettingError
from bertolt.metrics.statistic import FloatArray, Statistic, ratio
from bertolt.models.spec import ModelSpec
from bertolt.results import Candidate, Candidates
from bertolt.tasks.mask_places import MASK, Places, as_read, candidates, own_spelling, target_ids
from bertolt.tasks.task import Logits, TaskSettings

if TYPE_CHECKING:
    from torch import Tensor

    from bertolt.models.heads import Head

AssembledRow = tuple[Ids, NDArray[np.int32] | None]


class FillMaskSettings(TaskSettings):
    """What ``--set`` takes."""

    top_k: int = Field(default=5, ge=1, le=1000, description="candidates for each missing word")
    targets: tuple[str, ...] = Field(
        default=(), description="words that are compared, with commas between, instead of the best of all"
    )
    pseudo_log_likelihood: bool = Field(
        default=False, description="how likely the whole text is, instead of candidates"
    )

    @field_validator("targets", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value


@dataclass(frozen=True, slots=True)
class FillOutput:
    """What the model says of a text.

    Args:
        text: the text with the likeliest words in the missing places.
        masks: the candidates of each missing place; empty where the missing words are known.
        log_likelihood: sum of the log-probabilities of the known missing words.
        hits: how many of them are the model's first guess.
        known: how many there are.
        tokens, tokens_read, unknown: see ``Result``.
    """

    text: str
    masks: tuple[tuple[Candidate, ...], ...]
    log_likelihood: float
    hits: int
    known: int
    tokens: int
    tokens_read: int
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class FillMask:
    """See the module. Members as in ``Task``.

    A text that is to be learnt from or measured on is its own target: 15% of its tokens, the same ones
    whenever it is read, are replaced by the mask token. In a table with masks in the text, a column
    ``unmasked`` holds the text as it was.
    """

    name: str = "fill-mask"
    aliases: tuple[str, ...] = ("masked-lm", "masked-language-modeling")
    summary: str = "The words that may stand for [MASK] in a text, and how likely a text is"
    columns: tuple[Column, ...] = (
        Column("text", TEXT_NAMES, holds="text"),
        Column("unmasked", ("original",), target=True, same_as="text"),
    )
    layouts: tuple[Layout, ...] = ()
    Settings: type[TaskSettings] = FillMaskSettings
    activation: Literal["softmax", "sigmoid", "none"] = "softmax"
    metric: str = "masked_accuracy"
    offsets: bool = False
    policies: tuple[Policy, ...] = POLICIES
    label_outputs: bool = False

    @property
    def head(self) -> Head:
        """See ``Task.head``."""
        from bertolt.models.masked_head import MaskedHead

        return MaskedHead()

    def example(self, row: Row, settings: TaskSettings) -> MaskedExample:
        """See ``Task.example``."""
        unmasked = read_text(row, "unmasked") or None
        return MaskedExample(line=row.line, text=read_text(row, "text"), unmasked=unmasked)

    def label_names(self, examples: Sequence[MaskedExample], settings: TaskSettings) -> tuple[str, ...]:
        """See ``Task.label_names``: none, the outputs are the vocabulary."""
        return ()

    def stratum(self, example: MaskedExample) -> None:
        """See ``Task.stratum``: none."""

    def group(self, example: MaskedExample) -> None:
        """See ``Task.group``: none."""

    def texts(self, example: MaskedExample) -> tuple[str, ...]:
        """See ``Task.texts``."""
        if example.unmasked is None or example.unmasked == example.text:
            return (example.text,)
        return example.text, example.unmasked

    def encode(
        self, example: MaskedExample, tokens: Sequence[Tokens], spec: ModelSpec, tokenizer: Tokenizer
    ) -> Encoded:
        """See ``Task.encode``: a feature for each piece with missing words.

        Raises:
            InputError: a text without a mask that is to be filled, or a mask beyond what is read.
            DataError: an unmasked text that is not the text but for its masks.
            FolderError: the vocabulary has no mask token.
        """
        settings = FillMaskSettings.model_validate(spec.settings)
        mask_id = mask_id_of(tokenizer)
        text = own_spelling(example.text, str(tokenizer.mask_token))
        read = as_read(text, tokenizer)
        whole = tokens[0] if read == example.text else tokenizer.tokens([read])[0]
        ids = whole.ids
        template = tokenizer.single
        pieces = cut(len(ids), spec.max_length - template.size, spec.long)
        rows = [assemble(template, [take(ids, piece)]) for piece in pieces]
        missing = ids == mask_id
        if missing.any():
            truth = None if example.unmasked is None else _truth(example, ids, missing, tokens[-1].ids)
            features = _cloze(rows, mask_id, None if truth is None else _cut_truth(truth, pieces, template))
            if sum(map(_asked, features)) < missing.sum():
                raise _beyond(spec, example.line)
        elif example.unmasked is not None:
            features = _drawn(rows, masking_for(tokenizer, hidden=1.0, replaced=0.0))
        elif settings.pseudo_log_likelihood:
            features = _one_by_one(rows, mask_id, tokenizer.special_ids)
        else:
            raise _no_mask(example, str(tokenizer.mask_token))
        # Windows without a missing word say nothing; one row is kept where there is none at all.
        kept = [row for row in features if _asked(row)] or _cloze(rows[:1], mask_id, None)
        context = Places(text, target_ids(settings.targets, tokenizer), tokenizer)
        covered = sum(stop - start for piece in pieces for start, stop in piece)
        return Encoded(tuple(kept), len(ids), covered, whole.unknown, context)

    def loss(self, logits: Tensor, features: Sequence[Feature], class_weight: Tensor | None) -> Tensor:
        """Cross-entropy of the missing words, summed.

        Raises:
            SettingError: class weights, which a vocabulary has none of.
        """
        from torch import from_numpy

        from bertolt.models.masked_head import masked_loss

        if class_weight is not None:
            raise SettingError("no --class-weight for fill-mask", "one", "leave it out")
        tokens = np.concatenate([feature.target for feature in features]).astype(np.int64)
        return masked_loss(logits, from_numpy(tokens).to(logits.device))

    def combine(
        self, example: MaskedExample, encoded: Encoded, logits: Sequence[Logits], spec: ModelSpec
    ) -> FillOutput:
        """See ``Task.combine``."""
        places: Places = encoded.context
        size = {
            "tokens": encoded.tokens,
            "tokens_read": encoded.tokens_read,
            "unknown": encoded.unknown,
        }
        rows = np.concatenate(list(logits))
        if encoded.features[0].target is not None:
            total, hits = rows.sum(axis=0, dtype=np.float64).tolist()
            return FillOutput(example.text, (), total, round(hits), len(rows), **size)
        if not len(rows):
            return FillOutput(example.text, (), 0.0, 0, 0, **size)
        settings = FillMaskSettings.model_validate(spec.settings)
        masks, text = candidates(rows, places, settings.top_k)
        return FillOutput(text, masks, 0.0, 0, 0, **size)

    def choose(
        self, examples: Sequence[MaskedExample], outputs: Sequence[FillOutput], spec: ModelSpec
    ) -> ModelSpec:
        """See ``Task.choose``: nothing, since a decoder that is tied to the embeddings is not calibrated."""
        return spec

    def decode(self, example: MaskedExample, output: FillOutput, spec: ModelSpec) -> Candidates:
        """See ``Task.decode``."""
        asked = FillMaskSettings.model_validate(spec.settings).pseudo_log_likelihood and not output.masks
        return Candidates(
            text=output.text,
            masks=output.masks,
            log_likelihood=output.log_likelihood if asked else None,
            pseudo_perplexity=math.exp(-output.log_likelihood / max(1, output.known)) if asked else None,
            truncated=output.tokens_read < output.tokens,
            tokens=output.tokens,
            tokens_read=output.tokens_read,
            unknown=output.unknown,
        )

    def statistics(
        self, examples: Sequence[MaskedExample], outputs: Sequence[FillOutput], spec: ModelSpec
    ) -> Mapping[str, Statistic]:
        """See ``Task.statistics``: over all missing words together, resampled by text."""
        known = [output.known for output in outputs]
        surprise = ratio([-output.log_likelihood for output in outputs], known)

        def perplexity(weights: FloatArray) -> FloatArray:
            result: FloatArray = np.exp(surprise(weights))
            return result

        return {
            "masked_accuracy": ratio([output.hits for output in outputs], known),
            "perplexity": perplexity,
        }


def _asked(feature: Feature) -> int:
    """How many missing words a row has."""
    return 0 if feature.select is None else len(feature.select)


def _cloze(rows: Sequence[AssembledRow], mask_id: int, truth: Sequence[Ids] | None) -> list[Feature]:
    """Rows that have masks of their own; ``truth`` is each row without them."""
    found: list[Feature] = []
    for number, (row, types) in enumerate(rows):
        select = np.flatnonzero(row == mask_id).astype(np.int32)
        target = None if truth is None else truth[number][select]
        found.append(Feature(row, types, weight=float(len(select)), target=target, select=select))
    return found


def _drawn(rows: Sequence[AssembledRow], rule: Masking) -> list[Feature]:
    """Rows whose missing words are drawn by their own tokens, and so are the same every time."""
    found: list[Feature] = []
    for row, types in rows:
        random = np.random.default_rng((zlib.crc32(row.tobytes()), len(row)))
        masked = draw(row, rule, random)
        weight = float(len(masked.positions))
        found.append(Feature(masked.ids, types, weight, target=masked.originals, select=masked.positions))
    return found


def _one_by_one(rows: Sequence[AssembledRow], mask_id: int, special: frozenset[int]) -> list[Feature]:
    """Each row once for each of its tokens, with that token missing (Salazar et al. 2020)."""
    found: list[Feature] = []
    for row, types in rows:
        for place, token in enumerate(row.tolist()):
            if token not in special:
                read = row.copy()
                read[place] = mask_id
                select = np.asarray([place], dtype=np.int32)
                found.append(Feature(read, types, target=row[place : place + 1], select=select))
    return found


def _cut_truth(truth: Ids, pieces: Sequence[Piece], template: Template) -> list[Ids]:
    return [assemble(template, [take(truth, piece)])[0] for piece in pieces]


def _no_mask(example: MaskedExample, token: str) -> InputError:
    either = "" if token == MASK else f" (or {MASK})"
    return InputError(
        f"a text with {token}{either}, this model's token for a missing word",
        repr(example.text[:60]),
        f"write {token} where the word is missing, or ask how likely the text is: "
        "--set pseudo_log_likelihood=true",
    )


def _truth(example: MaskedExample, ids: Ids, missing: NDArray[np.bool_], unmasked: Ids) -> Ids:
    if len(ids) != len(unmasked) or not np.array_equal(ids[~missing], unmasked[~missing]):
        raise DataError(
            "an unmasked text that differs from the text only in one token for each mask",
            f"another on line {example.line}",
            "leave the masks out, and some are drawn; or write a mask for every token of the missing word",
        )
    return unmasked


def _beyond(spec: ModelSpec, line: int) -> InputError:
    where = f" on line {line}" if line else ""
    return InputError(
        f"every missing word within what the model reads ({spec.max_length} tokens, {spec.long})",
        f"one beyond it{where}",
        "shorten the text around the missing word",
    )


TASK = FillMask()
