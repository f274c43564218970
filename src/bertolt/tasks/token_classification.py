"""Token classification: a tag for each word, such as its part of speech, or the entities of a text.

A tag is learnt and read at one token of its word, the first that no earlier word has (Devlin et al. 2019,
§5.3). A sentence that is longer than a row is read in windows that overlap by a quarter, and each of its
words in the window that shows most of what stands around it; so nothing is cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from bertolt.data.alignment import leading_tokens, token_spans
from bertolt.data.columns import TEXT_NAMES
from bertolt.data.examples import WordsExample
from bertolt.data.features import Encoded, Feature, assemble
from bertolt.data.table import Column, Layout, Row
from bertolt.data.tokenizer import Tokenizer, Tokens
from bertolt.data.truncation import WINDOWS_ONLY, Policy, Range, overlapping
from bertolt.errors import DataError
from bertolt.metrics import tagging
from bertolt.metrics.calibration import fit_temperature, log_softmax, softmax
from bertolt.metrics.statistic import Statistic, ratio
from bertolt.models.spec import ModelSpec
from bertolt.results import Entity, TaggedWord, Tags
from bertolt.tasks.tag_scheme import complete, in_scheme_of, marks_spans, mixes_schemes, strangers
from bertolt.tasks.task import Logits, TaskSettings
from bertolt.tasks.words_reading import read_words_example
from bertolt.wording import counted

if TYPE_CHECKING:
    from torch import Tensor

    from bertolt.models.heads import Head

WORD_NAMES = ("words", "tokens")
TAG_NAMES = ("tags", "ner_tags", "upos", "pos", "pos_tags", "ner", "labels", "label")

#: Files of words and tags whose ending does not say so.
CONLL = Layout("CoNLL", ("words", "tags"), lambda fields: True, (".txt", ".tsv"), sentences=True)

#: The target of a word whose tag is open: it is read, not learnt.
OPEN = -100


@dataclass(frozen=True, slots=True)
class TagsOutput:
    """The logits of a text's words.

    Args:
        logits: shape (W, K).
        tokens, tokens_read, unknown: see ``Result``.
    """

    logits: Logits
    tokens: int
    tokens_read: int
    unknown: int = 0


@dataclass(frozen=True, kw_only=True)
class TokenClassification:
    """A tag of a closed list for each word of a text. Members as in ``Task``.

    Tags that mark spans (``O`` and, say, B-PER and I-PER, see ``tag_scheme``) are read from any scheme,
    learnt as IOB2, measured by the F1 of whole spans, and shown as entities as well. All others are
    measured by the share of right words.
    """

    name: str = "token-classification"
    aliases: tuple[str, ...] = ("part-of-speech", "pos-tagging", "ner", "named-entity-recognition")
    summary: str = "A tag for each word of a text: parts of speech, entities with their place"
    columns: tuple[Column, ...] = (
        Column("text", TEXT_NAMES, unless="words"),
        Column("words", WORD_NAMES, required=False),
        Column("tags", TAG_NAMES, target=True),
    )
    layouts: tuple[Layout, ...] = (CONLL,)
    Settings: type[TaskSettings] = TaskSettings
    activation: Literal["softmax", "sigmoid", "none"] = "softmax"
    metric: str = "word_accuracy"
    offsets: bool = True
    policies: tuple[Policy, ...] = WINDOWS_ONLY
    label_outputs: bool = True

    @property
    def head(self) -> Head:
        """See ``Task.head``."""
        from bertolt.models.token_head import TokenHead

        return TokenHead()

    def example(self, row: Row, settings: TaskSettings) -> WordsExample:
        """See ``Task.example``; the rules are in ``words_reading``."""
        return read_words_example(row)

    def label_names(self, examples: Sequence[WordsExample], settings: TaskSettings) -> tuple[str, ...]:
        """See ``Task.label_names``: in alphabetical order; where they mark spans, see ``complete``.

        Raises:
            DataError: one tag only, or tags of spans mixed with others.
        """
        found = {tag: example.line for example in reversed(examples) for tag in example.tags or () if tag}
        labels = sorted(found)
        if len(labels) < 2:
            raise DataError(
                "at least two different tags",
                f"only {labels[0]!r} in {counted(len(examples), 'row')}" if labels else "none",
                "check the column of tags (--label), or add rows with another tag",
            )
        if mixes_schemes(labels):
            odd = strangers(labels)[0]
            raise DataError(
                "tags such as O, B-PER and I-PER, as in most rows",
                f"also {odd!r} on line {found[odd]}",
                "correct that tag, or choose another column with --label",
            )
        return complete(labels) if marks_spans(labels) else tuple(labels)

    def stratum(self, example: WordsExample) -> tuple[str, ...]:
        """See ``Task.stratum``: the tag of every word."""
        return tuple(tag for tag in example.tags or () if tag is not None)

    def group(self, example: WordsExample) -> None:
        """See ``Task.group``: none."""

    def texts(self, example: WordsExample) -> tuple[str, ...]:
        """See ``Task.texts``."""
        return (example.text,)

    def encode(
        self, example: WordsExample, tokens: Sequence[Tokens], spec: ModelSpec, tokenizer: Tokenizer
    ) -> Encoded:
        """See ``Task.encode``: one feature, or one for each window; a word selects its leading token.

        A word without a token selects the row's first special token, so that it has a tag as well.
        """
        (text,) = tokens
        template = tokenizer.single
        budget = spec.max_length - template.size
        leading = leading_tokens(token_spans(text.offsets, example.words))
        windows = overlapping(len(text.ids), budget, budget // 4)
        homes = home_windows(leading, windows)
        gold = None if example.tags is None else tag_indices(example, spec.labels)
        features = []
        for number, (start, stop) in enumerate(windows):
            own = homes == number
            ids, types = assemble(template, (text.ids[start:stop],))
            select = np.where(leading[own] < 0, 0, leading[own] - start + len(template.before))
            target = None if gold is None else gold[own]
            weight = float(own.sum() if target is None else (target != OPEN).sum())
            features.append(Feature(ids, types, weight, target, select.astype(np.int32)))
        return Encoded(tuple(features), len(text.ids), len(text.ids), text.unknown, context=homes)

    def loss(self, logits: Tensor, features: Sequence[Feature], class_weight: Tensor | None) -> Tensor:
        """Cross-entropy of each word that has a tag (times its tag's weight), summed."""
        import torch
        from torch.nn import functional

        targets = torch.from_numpy(np.concatenate([feature.target for feature in features]))
        return functional.cross_entropy(
            logits.float(), targets.to(logits.device), class_weight, ignore_index=OPEN, reduction="sum"
        )

    def combine(
        self, example: WordsExample, encoded: Encoded, logits: Sequence[Logits], spec: ModelSpec
    ) -> TagsOutput:
        """See ``Task.combine``: each word's logits from its window, in the order of the words."""
        found = logits[0]
        if len(logits) > 1:
            found = np.empty((len(example.words), logits[0].shape[1]), dtype=np.float32)
            found[np.argsort(encoded.context, kind="stable")] = np.concatenate(logits)
        return TagsOutput(found, encoded.tokens, encoded.tokens_read, encoded.unknown)

    def choose(
        self, examples: Sequence[WordsExample], outputs: Sequence[TagsOutput], spec: ModelSpec
    ) -> ModelSpec:
        """See ``Task.choose``: the temperature over all words that have a tag (Guo et al. 2017)."""
        gold = np.concatenate([tag_indices(example, spec.labels) for example in examples])
        logits = np.concatenate([output.logits for output in outputs])
        temperature = fit_temperature(logits[gold != OPEN], gold[gold != OPEN])
        return spec.model_copy(update={"temperature": temperature})

    def decode(self, example: WordsExample, output: TagsOutput, spec: ModelSpec) -> Tags:
        """See ``Task.decode``."""
        probabilities = softmax(output.logits.astype(np.float64))
        scores = probabilities.max(axis=1).tolist()
        tags = predicted_tags(output, spec)
        words = tuple(
            TaggedWord(text=example.text[start:end], start=start, end=end, tag=tag, score=score)
            for (start, end), tag, score in zip(example.words, tags, scores, strict=True)
        )
        return Tags(
            words=words,
            entities=entities(example.text, words) if marks_spans(spec.labels) else None,
            truncated=output.tokens_read < output.tokens,
            tokens=output.tokens,
            tokens_read=output.tokens_read,
            unknown=output.unknown,
        )

    def statistics(
        self, examples: Sequence[WordsExample], outputs: Sequence[TagsOutput], spec: ModelSpec
    ) -> Mapping[str, Statistic]:
        """See ``Task.statistics``; the span metrics come first where the tags mark spans.

        Words whose tag is open count for nothing. ``log_loss`` is in nats a word.
        """
        gold: list[list[str]] = []
        predicted: list[list[str]] = []
        losses = np.zeros(len(examples))
        for row, (example, output) in enumerate(zip(examples, outputs, strict=True)):
            places = tag_indices(example, spec.labels)
            known = np.flatnonzero(places != OPEN)
            tags = predicted_tags(output, spec)
            gold.append([spec.labels[places[word]] for word in known])
            predicted.append([tags[word] for word in known])
            losses[row] = -log_softmax(output.logits[known])[np.arange(len(known)), places[known]].sum()
        of_words = {
            "word_accuracy": tagging.word_accuracy(gold, predicted),
            "log_loss": ratio(losses, [len(tags) for tags in gold]),
        }
        if not marks_spans(spec.labels):
            return of_words
        return {
            "span_f1": tagging.span_f1(gold, predicted),
            "span_precision": tagging.span_precision(gold, predicted),
            "span_recall": tagging.span_recall(gold, predicted),
            **of_words,
        }


def home_windows(leading: NDArray[np.int64], windows: Sequence[Range]) -> NDArray[np.int64]:
    """The window in which each word is read: where the nearer end of what it sees is farthest.

    An end of the text is no loss of context, so a window's edge there does not count.

    Args:
        leading: the token of each word, shape (W,); -1 where it has none, which is read in the first.
        windows: as from ``overlapping``.
    """
    if len(windows) == 1:
        return np.zeros(len(leading), dtype=np.int64)
    starts, stops = np.asarray(windows, dtype=np.int64).T
    before = (leading[:, None] - starts).astype(np.float64)
    after = (stops - 1 - leading[:, None]).astype(np.float64)
    outside = (before < 0) | (after < 0)
    before[:, 0] = np.inf
    after[:, -1] = np.inf
    context = np.where(outside, -1.0, np.minimum(before, after))
    return np.where(leading < 0, 0, context.argmax(axis=1))


@lru_cache(maxsize=64)
def _places(labels: tuple[str, ...]) -> dict[str | None, int]:
    return {None: OPEN, **{label: place for place, label in enumerate(labels)}}


def tag_indices(example: WordsExample, labels: tuple[str, ...]) -> NDArray[np.int64]:
    """The places of the words' tags in the model's list, shape (W,); ``OPEN`` where a tag is open.

    Raises:
        DataError: the model does not know a tag.
    """
    places = _places(labels)
    tags = example.tags or ()
    if marks_spans(labels) and not strangers([tag for tag in tags if tag is not None]):
        tags = in_scheme_of(labels, tags)
    strange = next((place for place, tag in enumerate(tags) if tag not in places), None)
    if strange is not None:
        start, end = example.words[strange]
        raise DataError(
            f"one of the model's tags: {', '.join(labels)}",
            f"{tags[strange]!r} of the word {example.text[start:end]!r} on line {example.line}",
            "correct the tag, remove the row, or train on data that has this tag",
        )
    return np.asarray([places[tag] for tag in tags], dtype=np.int64)


def predicted_tags(output: TagsOutput, spec: ModelSpec) -> list[str]:
    """The most probable tag of each word."""
    return [spec.labels[place] for place in output.logits.argmax(axis=1).tolist()]


def entities(text: str, words: Sequence[TaggedWord]) -> tuple[Entity, ...]:
    """The spans that the words' tags mark, read as conlleval reads them: I after O begins one.

    Each reaches from its first word's first character to its last word's last, and has the score of the
    least sure of its words.
    """
    return tuple(
        Entity(
            label=kind,
            text=text[words[first].start : words[stop - 1].end],
            start=words[first].start,
            end=words[stop - 1].end,
            score=min(word.score for word in words[first:stop]),
        )
        for kind, first, stop in tagging.spans([word.tag for word in words])
    )


TASK = TokenClassification()
