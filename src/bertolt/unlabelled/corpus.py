"""The documents of an adaptation, read, split and tokenised, before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bertolt.data.documents import Document, read_documents
from bertolt.data.examples import Example, MaskedExample, PairExample
from bertolt.data.sentences import split_sentences
from bertolt.data.splits import cut_off
from bertolt.data.tokenizer import Tokenizer
from bertolt.data.unknown import UnknownTally
from bertolt.errors import DataError
from bertolt.progress import progress_bar
from bertolt.tasks.next_sentence_prediction import FOLLOWS, OTHER
from bertolt.unlabelled.rows import Pieces, Rows, SentenceLayout, SentencePairs, Text
from bertolt.unlabelled.settings import AdaptSettings
from bertolt.wording import counted

#: Share of the documents that is held out.
HELD_OUT = 0.1


@dataclass(frozen=True, slots=True)
class AdaptData:
    """What an adaptation reads.

    Args:
        rows: of the training documents.
        train: the training documents, for their fingerprint.
        held_out: the others, for the missing word.
        pairs: of the held-out documents, for the next sentence; empty where it is not learnt.
        notes: lines for people.
    """

    rows: Rows
    train: Sequence[Example]
    held_out: Sequence[MaskedExample]
    pairs: Sequence[PairExample]
    notes: Sequence[str]


def read_adapt_data(settings: AdaptSettings, tokenizer: Tokenizer, max_length: int) -> AdaptData:
    """Reads, splits and tokenises the documents.

    Equal documents stand on one side of the split.

    Raises:
        DataError: fewer than two different documents; for the next sentence, none of several sentences.
        FolderError: whole words are wanted of a tokenizer that finds none.
    """
    found = read_documents(settings.data, settings.text, settings.read_options())
    documents, notes = found.documents, list(found.notes)
    sentences: list[tuple[str, ...]] = []
    if settings.next_sentence:
        sentences = [document.sentences or split_sentences(document.text) for document in documents]
        kept = [index for index, each in enumerate(sentences) if len(each) > 1]
        _refuse_single(documents, kept)
        if len(kept) < len(documents):
            notes.append(
                f"{counted(len(documents) - len(kept), 'document')} of one sentence left out: nothing follows"
            )
        documents = [documents[index] for index in kept]
        sentences = [sentences[index] for index in kept]
    if len({document.text for document in documents}) < 2:
        raise DataError(
            "at least two different documents, one of which is held out",
            f"{len(documents):,}",
            "write each document on a line of its own, or separate them by blank lines",
        )
    stay, out = cut_off([None] * len(documents), HELD_OUT, settings.seed, [each.text for each in documents])
    notes.append(
        f"split: {counted(len(stay), 'document')} to learn from, {len(out):,} held out (seed {settings.seed})"
    )
    pairs: list[PairExample] = []
    unknown = UnknownTally()
    rows: Rows
    if settings.next_sentence:
        tokenised = _sentences(tokenizer, [sentences[index] for index in stay], settings.whole_word, unknown)
        budget = max_length - tokenizer.pair.size
        rows = SentencePairs(tokenised, tokenizer.pair, max_length)
        pairs = _held_out_pairs(tokenizer, [sentences[index] for index in out], budget, settings.seed)
        notes.append(_long_note(tokenised, budget))
    else:
        learnt = [documents[index].text for index in stay]
        tokenised_texts = _texts(tokenizer, learnt, settings.whole_word, unknown)
        rows = Pieces(tokenised_texts, tokenizer.single, max_length)
    notes.extend(unknown.notes())
    unknown.refuse()
    return AdaptData(
        rows=rows,
        train=[MaskedExample(text=documents[index].text) for index in stay],
        held_out=[_masked(documents[index]) for index in out],
        pairs=pairs,
        notes=notes,
    )


def _masked(document: Document) -> MaskedExample:
    return MaskedExample(line=document.line, text=document.text, unmasked=document.text)


def _refuse_single(documents: Sequence[Document], kept: Sequence[int]) -> None:
    if len(kept) < 2:
        raise DataError(
            "documents of several sentences for --next-sentence, at least two",
            f"{len(kept):,} among {len(documents):,}; the first document is "
            f"{documents[0].text[:40]!r} on line {documents[0].line}",
            "write one sentence a line and a blank line between documents, or leave --next-sentence out",
        )


def _texts(tokenizer: Tokenizer, texts: Sequence[str], whole_word: bool, unknown: UnknownTally) -> list[Text]:
    found: list[Text] = []
    with progress_bar("reading", len(texts)) as progress:
        for start in range(0, len(texts), 1000):
            part = texts[start : start + 1000]
            tokens = tokenizer.tokens(part)
            for each in tokens:
                unknown.add(len(each.ids), each.unknown)
            if whole_word:
                words = tokenizer.words(part)
                found.extend(Text(each.ids, word) for each, word in zip(tokens, words, strict=True))
            else:
                found.extend(Text(each.ids) for each in tokens)
            progress.advance(len(part))
    return found


def _sentences(
    tokenizer: Tokenizer, documents: Sequence[Sequence[str]], whole_word: bool, unknown: UnknownTally
) -> list[list[Text]]:
    flat = iter(_texts(tokenizer, [text for document in documents for text in document], whole_word, unknown))
    return [[next(flat) for _ in document] for document in documents]


def _held_out_pairs(
    tokenizer: Tokenizer, documents: Sequence[Sequence[str]], budget: int, seed: int
) -> list[PairExample]:
    """The held-out documents' pairs, drawn once."""
    lengths = [
        [len(text.ids) for text in each] for each in _sentences(tokenizer, documents, False, UnknownTally())
    ]
    flat = [text for document in documents for text in document]
    return [
        PairExample(
            text=" ".join(flat[pair.first[0] : pair.first[1]]),
            text_pair=" ".join(flat[pair.second[0] : pair.second[1]]),
            label=FOLLOWS if pair.follows else OTHER,
        )
        for pair in SentenceLayout(lengths, budget).draw(np.random.default_rng(seed))
    ]


def _long_note(documents: Sequence[Sequence[Text]], budget: int) -> str:
    lengths = np.asarray([len(text.ids) for document in documents for text in document])
    return (
        f"sentences: {len(lengths):,}, {np.median(lengths):,.0f} tokens in the middle; "
        f"{(lengths > budget // 2).mean():.1%} are longer than half of a row ({budget} tokens) and may be cut"
    )
