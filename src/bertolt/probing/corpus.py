"""The texts of a probe, read, split and aligned with the tokenizer, before anything is computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bertolt.data.alignment import token_spans
from bertolt.data.edges import (
    NO_TOKEN,
    EdgeExample,
    EdgeTarget,
    LeftOut,
    check_spans,
    label_names,
    one_label_each,
)
from bertolt.data.splits import cut_off
from bertolt.data.tokenizer import Tokenizer, Tokens
from bertolt.data.unknown import UnknownTally
from bertolt.errors import DataError
from bertolt.probing.edge_tasks import EdgeTask, open_edges, read_edge
from bertolt.probing.settings import ProbeRecipe, ProbeSettings
from bertolt.probing.store import TokenisedText
from bertolt.wording import counted

#: Share of the texts that is cut off for each part that is not given.
CUT_OFF = 0.1

Labels = NDArray[np.bool_]
Ranges = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ProbeData:
    """All that probes read.

    Args:
        task: what is read out.
        examples: of all parts, those without a target left out.
        parts: the places in ``examples`` of ``train``, ``validation`` and ``test``.
        texts: what the encoder reads of each example, and the tokens that are kept of it.
        spans: of each example, the first kept token of each target's spans and the one after its last, shape
            (n, spans, 2).
        labels: those of the training part.
        gold: of each example, whether each label holds, shape (n, K).
        unseen: of each example, labels that no training target has: they count as missed.
        exactly_one: whether every target has one label.
        left_out: targets that were not taken, by reason.
        notes: lines for people.
    """

    task: EdgeTask
    examples: Sequence[EdgeExample]
    parts: dict[str, list[int]]
    texts: Sequence[TokenisedText]
    spans: Sequence[Ranges]
    labels: tuple[str, ...]
    gold: Sequence[Labels]
    unseen: NDArray[np.int64]
    exactly_one: bool
    left_out: LeftOut
    notes: Sequence[str]

    @property
    def arity(self) -> int:
        """Spans of a target."""
        return int(self.spans[0].shape[1])

    @property
    def counted(self) -> Labels:
        """Which labels F1 is over, shape (K,): not those of no relation."""
        return np.asarray([name not in self.task.negative for name in self.labels])

    def of(self, part: str) -> list[EdgeExample]:
        """The examples of a part."""
        return [self.examples[index] for index in self.parts[part]]

    def targets(self, part: str) -> int:
        """How many a part has."""
        return sum(len(self.examples[index].targets) for index in self.parts[part])


def read_probe_data(
    task: EdgeTask, settings: ProbeSettings, recipe: ProbeRecipe, tokenizer: Tokenizer
) -> ProbeData:
    """Reads, splits and aligns the texts.

    Equal texts stand on one side of a split that is cut.

    Raises:
        DataError: no target is left in a part, there is one label only, or targets have one span here and
            two there.
    """
    left_out = LeftOut()
    train = _read(task, settings.data, settings, left_out)
    parts: dict[str, list[EdgeExample]] = {}
    if settings.test is not None:
        parts["test"] = _read(task, settings.test, settings, left_out)
    for name in ("test", "validation"):
        if name not in parts:
            texts = [each.text for each in train]
            stay, out = cut_off([None] * len(train), CUT_OFF, settings.seed, texts)
            train, parts[name] = [train[index] for index in stay], [train[index] for index in out]
    parts["train"] = train
    unknown = UnknownTally()
    aligned = {
        name: _align(parts[name], tokenizer, left_out, unknown) for name in ("train", "validation", "test")
    }
    unknown.refuse()
    notes = unknown.notes()
    if recipe.max_targets is not None:
        aligned["train"], note = _drawn(aligned["train"], recipe.max_targets, settings.seed)
        notes.append(note)
    return _numbered(task, aligned, left_out, notes)


@dataclass(frozen=True, slots=True)
class _Aligned:
    example: EdgeExample
    text: TokenisedText
    spans: Ranges


def _read(task: EdgeTask, data: str, settings: ProbeSettings, left_out: LeftOut) -> list[EdgeExample]:
    table = open_edges(task, data, settings.read_options())
    found = [read_edge(task, row, settings.label, left_out) for row in table]
    return [check_spans(example, left_out) for example in found]


def _align(
    examples: Sequence[EdgeExample], tokenizer: Tokenizer, left_out: LeftOut, unknown: UnknownTally
) -> list[_Aligned]:
    found = []
    for start in range(0, len(examples), 1000):
        part = examples[start : start + 1000]
        tokenised = tokenizer.tokens([each.text for each in part], offsets=True)
        for tokens in tokenised:
            unknown.add(len(tokens.ids), tokens.unknown)
        found += [_aligned(each, tokens, left_out) for each, tokens in zip(part, tokenised, strict=True)]
    return [each for each in found if each.example.targets]


def _aligned(example: EdgeExample, tokens: Tokens, left_out: LeftOut) -> _Aligned:
    """A text with the targets whose spans have tokens, and the tokens that they need."""
    wanted = [span for target in example.targets for span in target.spans]
    found = token_spans(tokens.offsets, wanted)
    kept: list[EdgeTarget] = []
    ranges = []
    place = 0
    for target in example.targets:
        own = found[place : place + len(target.spans)]
        place += len(target.spans)
        if (own < 0).any():
            left_out.add(NO_TOKEN, example.line)
        else:
            kept.append(target)
            ranges.append(own)
    arity = {len(each) for each in ranges}
    if len(arity) > 1:
        raise _mixed(example.line)
    spans = np.stack(ranges) if ranges else np.zeros((0, 1, 2), dtype=np.int64)
    needed = np.zeros(len(tokens.ids), dtype=np.bool_)
    for first, stop in spans.reshape(-1, 2):
        needed[first:stop] = True
    # Tokens of a span are all kept, so that a range of them is a range of the kept ones.
    before = np.concatenate([[0], np.cumsum(needed)])
    text = TokenisedText(tokens.ids, np.flatnonzero(needed))
    return _Aligned(replace(example, targets=tuple(kept)), text, before[spans].astype(np.int64))


def _drawn(train: list[_Aligned], most: int, seed: int) -> tuple[list[_Aligned], str]:
    """Texts in a random order until they have ``most`` targets, again in the order of the data."""
    order = np.random.default_rng((seed, most)).permutation(len(train)).tolist()
    sums = np.cumsum([len(train[index].example.targets) for index in order])
    count = int(np.searchsorted(sums, most, side="left")) + 1
    kept = [train[index] for index in sorted(order[:count])]
    used = sum(len(each.example.targets) for each in kept)
    note = (
        f"max_targets: {used:,} of {int(sums[-1]) if len(sums) else 0:,} training targets, "
        f"in {counted(len(kept), 'text')} drawn with seed {seed}"
    )
    return kept, note


def _numbered(
    task: EdgeTask, aligned: dict[str, list[_Aligned]], left_out: LeftOut, notes: list[str]
) -> ProbeData:
    for name, members in aligned.items():
        if not members:
            reasons = "; ".join(left_out.notes()) or "no labelled span"
            raise DataError(
                f"labelled spans in the {name} part", reasons, "look whether the file has them, or give more"
            )
    every = [each for members in aligned.values() for each in members]
    if len({each.spans.shape[1] for each in every}) > 1:
        raise _mixed(next(each.example.line for each in every if each.spans.shape[1] == 1))
    examples = [each.example for each in every]
    train = examples[: len(aligned["train"])]
    labels = label_names(train)
    exactly_one = one_label_each(examples)
    if len(labels) < 2 and (exactly_one or not labels):
        raise DataError(
            "at least two labels in the training part",
            ", ".join(map(repr, labels)) or "none",
            "a probe tells labels apart: give data with several",
        )
    places = {name: place for place, name in enumerate(labels)}
    strange = Counter(
        name for each in examples for target in each.targets for name in target.labels if name not in places
    )
    parts, start = {}, 0
    for name, members in aligned.items():
        parts[name] = list(range(start, start + len(members)))
        start += len(members)
    sizes = ", ".join(
        f"{len(parts[name]):,} texts with {sum(len(examples[index].targets) for index in parts[name]):,} "
        f"targets {name}"
        for name in parts
    )
    notes = [*notes, f"read: {sizes}; {counted(len(labels), 'label')}", *left_out.notes()]
    notes += [*_overlap([each.text for each in train], examples, parts["test"]), *_unseen_note(strange)]
    return ProbeData(
        task=task,
        examples=examples,
        parts=parts,
        texts=[each.text for each in every],
        spans=[each.spans for each in every],
        labels=labels,
        gold=[_gold(each, places) for each in examples],
        unseen=np.asarray([_strangers(each, places) for each in examples], dtype=np.int64),
        exactly_one=exactly_one,
        left_out=left_out,
        notes=notes,
    )


def _gold(example: EdgeExample, places: dict[str, int]) -> Labels:
    gold = np.zeros((len(example.targets), len(places)), dtype=np.bool_)
    for row, target in enumerate(example.targets):
        gold[row, [places[name] for name in target.labels if name in places]] = True
    return gold


def _strangers(example: EdgeExample, places: dict[str, int]) -> int:
    return sum(name not in places for target in example.targets for name in target.labels)


def _unseen_note(strange: Counter[str]) -> list[str]:
    if not strange:
        return []
    named = ", ".join(f"{name!r} ({count:,})" for name, count in strange.most_common(8))
    return [
        f"labels that the training part lacks, so that no probe can say them: {named}; they count as missed"
    ]


def _overlap(train: list[str], examples: list[EdgeExample], test: list[int]) -> list[str]:
    known = set(train)
    count = sum(examples[index].text in known for index in test)
    return [f"{counted(count, 'text')} of the test part also in the training part"] if count else []


def _mixed(line: int) -> DataError:
    return DataError(
        "targets that all have one span, or all two",
        f"both; the first is on line {line}",
        "probe them as two edge tasks",
    )
