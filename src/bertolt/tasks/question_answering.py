"""Extractive question answering: the stretch of a passage that answers a question, or no answer.

Fine-tuned and decoded as in Devlin et al. 2019 (https://arxiv.org/abs/1810.04805), §4.2 and §4.3: a start and
an end logit for each token, the first token standing for no answer, and passages of any length read in
windows that overlap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from bertolt.data.columns import read_label, read_text
from bertolt.data.examples import QuestionExample
from bertolt.data.features import Encoded, Feature, assemble
from bertolt.data.table import Column, Layout, Row
from bertolt.data.tokenizer import Tokenizer, Tokens
from bertolt.data.truncation import WINDOWS_ONLY, Policy, overlapping
from bertolt.metrics import question_answering as squad
from bertolt.metrics.statistic import Statistic
from bertolt.models.spec import ModelSpec
from bertolt.results import Answers, AnswerSpan
from bertolt.tasks.answer_reading import read_answers
from bertolt.tasks.answer_spans import N_BEST, AnswerOutput, find_answers
from bertolt.tasks.answer_windows import Passage, window_targets
from bertolt.tasks.answer_words import token_bounds
from bertolt.tasks.task import Logits, TaskSettings

if TYPE_CHECKING:
    from torch import Tensor

    from bertolt.models.heads import Head

NULL_THRESHOLD = "null_threshold"


class QuestionAnsweringSettings(TaskSettings):
    """How questions are read and answered. All can be changed when predicting, too."""

    top_k: int = Field(default=3, ge=1, le=N_BEST, description="candidates that a result lists, at most")
    max_answer_words: int = Field(default=30, ge=1, description="words of an answer, at most")
    overlap: int = Field(
        default=128,
        ge=0,
        description="tokens that neighbouring windows of a long context share; at most half a window's",
    )
    max_question_tokens: int = Field(
        default=64,
        ge=1,
        description="tokens read of a question, from its beginning; at most half a row's",
    )
    null_threshold: float | None = Field(
        default=None,
        description="there is no answer where its score is above the best answer's by more than this, in "
        "logits; left out: as tuned on validation, and always an answer where training had no "
        "impossible questions",
    )


@dataclass(frozen=True, kw_only=True)
class QuestionAnswering:
    """Answers in the words of a passage. Members as in ``Task``."""

    name: str = "question-answering"
    aliases: tuple[str, ...] = ("extractive-question-answering", "squad")
    summary: str = "The words of a passage that answer a question, or that it has no answer"
    columns: tuple[Column, ...] = (
        Column("question", ("query",)),
        Column("context", ("passage", "paragraph", "text", "document")),
        Column("id", ("question_id", "qid"), required=False),
        Column("title", required=False),
        Column("answers", ("answer", "answer_text"), target=True),
        Column("answer_start", ("start",), target=True, required=False),
        Column("is_impossible", ("impossible",), target=True, required=False),
    )
    layouts: tuple[Layout, ...] = ()
    Settings: type[TaskSettings] = QuestionAnsweringSettings
    activation: Literal["softmax", "sigmoid", "none"] = "softmax"
    metric: str = "f1"
    offsets: bool = True
    policies: tuple[Policy, ...] = WINDOWS_ONLY
    label_outputs: bool = False

    @property
    def head(self) -> Head:
        """See ``Task.head``."""
        from bertolt.models.span_head import SpanHead

        return SpanHead()

    def example(self, row: Row, settings: TaskSettings) -> QuestionExample:
        """See ``Task.example``. Every answer stands at its offset, or the row has none."""
        context = read_text(row, "context")
        answers, note = read_answers(row, context)
        return QuestionExample(
            line=row.line,
            note=note,
            question=read_text(row, "question"),
            context=context,
            answers=answers,
            id=read_label(row, "id"),
            title=read_label(row, "title"),
        )

    def label_names(self, examples: Sequence[QuestionExample], settings: TaskSettings) -> tuple[str, ...]:
        """See ``Task.label_names``: none."""
        return ()

    def stratum(self, example: QuestionExample) -> str:
        """See ``Task.stratum``: whether there is an answer."""
        return "impossible" if example.is_impossible else "answerable"

    def group(self, example: QuestionExample) -> str:
        """See ``Task.group``: the article by its title, else the context."""
        return example.title or hashlib.sha256(example.context.encode("utf-8", "surrogatepass")).hexdigest()

    def texts(self, example: QuestionExample) -> tuple[str, str]:
        """See ``Task.texts``."""
        return example.question, example.context

    def encode(
        self, example: QuestionExample, tokens: Sequence[Tokens], spec: ModelSpec, tokenizer: Tokenizer
    ) -> Encoded:
        """See ``Task.encode``: a feature of weight 1 for each window of the context."""
        settings = _settings(spec)
        question, context = tokens
        template = tokenizer.pair
        budget = spec.max_length - template.size
        kept = min(len(question.ids), settings.max_question_tokens, budget // 2)
        room = budget - kept
        windows = tuple(overlapping(len(context.ids), room, min(settings.overlap, room // 2)))
        first = len(template.before) + kept + len(template.between)
        targets = window_targets(example.answers, context.offsets, windows, first)
        features = []
        for (start, stop), target in zip(windows, targets, strict=True):
            ids, types = assemble(template, (question.ids[:kept], context.ids[start:stop]))
            features.append(Feature(ids=ids, types=types, target=target))
        return Encoded(
            features=tuple(features),
            tokens=len(question.ids) + len(context.ids),
            tokens_read=kept + len(context.ids),
            unknown=question.unknown + context.unknown,
            context=Passage(context.offsets, windows, first),
        )

    def loss(self, logits: Tensor, features: Sequence[Feature], class_weight: Tensor | None) -> Tensor:
        """The mean of start's and end's cross-entropy over the row's tokens, times its weight, summed."""
        import torch
        from torch.nn import functional

        rows, width, outputs = logits.shape
        lengths = torch.tensor([len(feature) for feature in features], device=logits.device)
        padding = torch.arange(width, device=logits.device) >= lengths[:, None]
        scores = logits.float().masked_fill(padding[..., None], -torch.inf).transpose(1, 2)
        targets = torch.tensor([feature.target for feature in features], device=logits.device)
        weights = torch.tensor([feature.weight for feature in features], device=logits.device)
        losses = functional.cross_entropy(
            scores.reshape(rows * outputs, width), targets.flatten(), reduction="none"
        )
        return (losses.view(rows, outputs).mean(dim=1) * weights).sum()

    def combine(
        self, example: QuestionExample, encoded: Encoded, logits: Sequence[Logits], spec: ModelSpec
    ) -> AnswerOutput:
        """See ``Task.combine``: the best spans of all windows, and the lowest score of no answer."""
        passage: Passage = encoded.context
        rows = [
            row[passage.first : passage.first + stop - start]
            for (start, stop), row in zip(passage.windows, logits, strict=True)
        ]
        bounds = token_bounds(example.context, passage.offsets)
        starts, ends, scores = find_answers(bounds, passage.windows, rows, _settings(spec).max_answer_words)
        null = min(float(row[0].astype(np.float64).sum()) for row in logits)
        return AnswerOutput(starts, ends, scores, null, encoded.tokens, encoded.tokens_read, encoded.unknown)

    def choose(
        self, examples: Sequence[QuestionExample], outputs: Sequence[AnswerOutput], spec: ModelSpec
    ) -> ModelSpec:
        """See ``Task.choose``: the null threshold with the greatest F1, where a question is impossible.

        No temperature is fitted: scores rank candidates, and are no calibrated probabilities.
        """
        impossible = [example.is_impossible for example in examples]
        if not any(impossible):
            return spec
        scores = [
            0.0 if example.is_impossible else squad.f1(_best(example, output), _golds(example))
            for example, output in zip(examples, outputs, strict=True)
        ]
        threshold = squad.best_null_threshold([output.margin for output in outputs], scores, impossible)
        return spec.model_copy(update={"choices": {**spec.choices, NULL_THRESHOLD: threshold}})

    def decode(self, example: QuestionExample, output: AnswerOutput, spec: ModelSpec) -> Answers:
        """See ``Task.decode``."""
        no_answer, scores = output.probabilities()
        top_k = _settings(spec).top_k
        spans = [
            AnswerSpan(text=example.context[start:end], start=start, end=end, score=score)
            for start, end, score in zip(output.starts.tolist(), output.ends.tolist(), scores, strict=True)
        ]
        answered = is_answered(output, spec)
        best = spans[0] if answered else AnswerSpan(text="", start=0, end=0, score=no_answer)
        return Answers(
            answer=best.text,
            score=best.score,
            start=best.start,
            end=best.end,
            answers=tuple(spans[:top_k]),
            no_answer_score=no_answer,
            truncated=output.tokens_read < output.tokens,
            tokens=output.tokens,
            tokens_read=output.tokens_read,
            unknown=output.unknown,
        )

    def statistics(
        self, examples: Sequence[QuestionExample], outputs: Sequence[AnswerOutput], spec: ModelSpec
    ) -> Mapping[str, Statistic]:
        """See ``Task.statistics``: as the official script of SQuAD does.

        That of 2.0 where a question is impossible, else that of 1.1.
        """
        predictions = [
            _best(example, output) if is_answered(output, spec) else ""
            for example, output in zip(examples, outputs, strict=True)
        ]
        version: squad.Version = "2.0" if any(example.is_impossible for example in examples) else "1.1"
        found = squad.statistics(predictions, [_golds(example) for example in examples], version=version)
        return {self.metric: found[self.metric], **found}


def is_answered(output: AnswerOutput, spec: ModelSpec) -> bool:
    """Whether the best answer is given; else the result is that there is none."""
    threshold = _settings(spec).null_threshold
    if threshold is None:
        threshold = spec.choices.get(NULL_THRESHOLD)
    return len(output.scores) > 0 and (threshold is None or output.margin <= threshold)


def _settings(spec: ModelSpec) -> QuestionAnsweringSettings:
    return QuestionAnsweringSettings.model_validate(spec.settings)


def _best(example: QuestionExample, output: AnswerOutput) -> str:
    return example.context[output.starts[0] : output.ends[0]] if len(output.scores) else ""


def _golds(example: QuestionExample) -> list[str]:
    return [answer.text for answer in example.answers or ()]


TASK = QuestionAnswering()
