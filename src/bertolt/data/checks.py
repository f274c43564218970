"""What is wrong with labelled texts: left-overs of HTML, labels, duplicates. Pure functions of rows."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bertolt.data.columns import label_name
from bertolt.data.duplicates import NEAR, exact_groups, near_groups
from bertolt.data.findings import CheckRow, Finding, Level, Place, single
from bertolt.progress import Progress
from bertolt.wording import counted

#: Fewer rows than this teach a label little.
FEW_ROWS = 10
#: A label that is this many times rarer than the commonest is called rare.
IMBALANCE = 10

TAG = re.compile(
    r"</?(?:br|p|div|span|a|b|i|u|em|strong|ul|ol|li|font|h[1-6]|img|table|t[dr])\b[^<>]*>", re.I
)
ENTITY = re.compile(r"&(?:amp|quot|apos|lt|gt|nbsp|#\d{1,6}|#x[0-9a-f]{1,5});", re.I)
# What UTF-8 looks like when it was read as Windows-1252, for the marks and letters that are usual.
MOJIBAKE = re.compile("â€[™œ\u009d“”¦˜]|Ã[©¨¼¶¤±§¢ª«®¯´»¡³]|Â[£°©®»«]|\ufffd")


@dataclass(frozen=True, slots=True)
class LabelUse:
    """What labels are for, which decides what is said of them.

    Args:
        tags: whether they are tags of words.
        learnt: whether a model is to learn them; else they only measure one.
        least: rows of each label that a split needs, one for each of its parts.
        balance: the advice where some labels are much rarer than others.
    """

    tags: bool = False
    learnt: bool = True
    least: int = 2
    balance: str = "look at macro_f1 rather than accuracy, and try --class-weight balanced"


def quick_check(rows: Sequence[CheckRow], use: LabelUse | None = None) -> list[Finding]:
    """What is worth knowing before a training, in about a second for 10,000 rows.

    The same findings as the whole check, without lengths and near-duplicates.
    """
    return [*check_labels(rows, use), *check_texts(rows), *check_exact_duplicates(rows)]


def check_texts(rows: Sequence[CheckRow]) -> list[Finding]:
    """Left-overs of HTML and of a wrong encoding."""
    html = [row.place for row in rows if any(_has_html(text) for text in row.texts)]
    garbled = [row.place for row in rows if any(MOJIBAKE.search(text) for text in row.texts)]
    findings = []
    if html:
        findings.append(
            Finding(
                "warning",
                "html",
                f"{counted(len(html), 'text')} with left-overs of HTML, such as {_example(rows, html[0])!r}",
                "remove them: bertolt check DATA --fix OUT",
                single(html),
            )
        )
    if garbled:
        findings.append(
            Finding(
                "warning",
                "garbled",
                f"{counted(len(garbled), 'text')} with what a wrong encoding left, such as â€™ or \ufffd",
                "export the data again as UTF-8 from where it came from",
                single(garbled),
            )
        )
    return findings


def _has_html(text: str) -> bool:
    return ("<" in text and TAG.search(text) is not None) or ("&" in text and ENTITY.search(text) is not None)


def _example(rows: Sequence[CheckRow], place: Place) -> str:
    texts = next(row.texts for row in rows if row.place == place)
    found = next(found for text in texts for found in (TAG.search(text), ENTITY.search(text)) if found)
    return found.group()[:40]


def check_labels(rows: Sequence[CheckRow], use: LabelUse | None = None) -> list[Finding]:
    """How many rows each label has; names that are nearly the same; labels that are rare.

    Nothing for rows without labels, such as those of tasks that have none.
    """
    use = use or LabelUse()
    places: dict[str, list[Place]] = defaultdict(list)
    for row in rows:
        for label in row.labels:
            places[label].append(row.place)
    if not places:
        return []
    counts = Counter({label: len(found) for label, found in places.items()})
    listed = ", ".join(f"{label!r} {count:,}" for label, count in counts.most_common(20))
    more = f" and {len(counts) - 20} more" if len(counts) > 20 else ""
    noun = "tag" if use.tags else "label"
    findings = [Finding("note", "labels", f"{counted(len(counts), noun)}: {listed}{more}")]
    for names in near_equal(list(counts), tags=use.tags):
        kept = commonest(names, counts)
        others = [name for name in names if name != kept]
        findings.append(
            Finding(
                "warning",
                "near-equal-labels",
                f"the {noun}s {', '.join(map(repr, sorted(names)))} {_DIFFERENCE}",
                f"if they are one, write them all as {kept!r}: bertolt check DATA --fix OUT",
                single(sorted({place for name in others for place in places[name]})),
            )
        )
    findings += _odd_labels(counts, places, use)
    several = use.tags or any(len(row.labels) > 1 for row in rows)
    return [*findings, *(_check_balance(counts, places, use, several) if use.learnt else [])]


_DIFFERENCE = "differ only in case, spaces, marks or the form of their characters"


def commonest(names: Sequence[str], counts: Mapping[str, int]) -> str:
    """Of near-equal labels the one that stays: the commonest; of equals one in composed, plain characters."""
    return max(names, key=lambda name: (counts[name], name == _plain(name), name))


def _plain(label: str) -> str:
    """The label without outer space, in composed (NFC) and half-width characters."""
    return unicodedata.normalize("NFKC", label).strip()


def near_equal(labels: Sequence[str], *, tags: bool = False) -> list[list[str]]:
    """Groups of names that differ only in case, spaces, marks or the form of their characters.

    The form: composed or not, full-width or not (both by NFKC), 1 or 1.0. Of truth values and numbers, true
    is 1 and false 0. Of tags, the digit 0 is the letter O, where it stands for "no entity".
    """
    words = {label: label_name(_plain(label)).casefold() for label in labels}
    truth = set(words.values()) <= {"0", "1", "true", "false"}
    groups: dict[str, list[str]] = defaultdict(list)
    for label, word in words.items():
        bare = re.sub(r"[\W_]+", "", word)
        # "+1" and "-1" are told apart by their marks alone.
        key = bare if any(mark.isalpha() for mark in bare) else word
        if truth:
            key = {"true": "1", "false": "0"}.get(key, key)
        if tags and word == "0":
            key = "o"
        groups[key].append(label)
    return [names for names in groups.values() if len(names) > 1]


def zero_for_o(labels: Iterable[str]) -> bool:
    """Whether the tag 0 stands in the place of the letter O: beside names, and without other numbers."""
    found = set(labels)
    return "0" in found and len(found) > 1 and not any(label.isdecimal() for label in found - {"0"})


def _odd_labels(counts: Counter[str], places: Mapping[str, Sequence[Place]], use: LabelUse) -> list[Finding]:
    """Names that are probably another thing: the digit 0 for O, lists in a column of one label."""
    findings = []
    if use.tags and "O" not in counts and zero_for_o(counts):
        findings.append(
            Finding(
                "warning",
                "zero-for-o",
                f"the tag '0' (the digit) on {counted(counts['0'], 'word')}, and no tag 'O' (the letter), "
                "which says that a word is part of no entity",
                "if it is meant, write the letter O: bertolt check DATA --fix OUT",
                single(sorted(set(places["0"]))),
            )
        )
    lists = [label for label in counts if _LIST.fullmatch(label)]
    if lists and not use.tags:
        findings.append(
            Finding(
                "warning",
                "list-labels",
                f"{counted(len(lists), 'label')} written as a list, such as {lists[0][:60]!r}",
                "for several labels in a row choose --task multi-label-classification",
                single(sorted(place for label in lists for place in places[label])),
            )
        )
    return findings


_LIST = re.compile(r"\[.*\]", re.S)


def _check_balance(
    counts: Counter[str], places: Mapping[str, Sequence[Place]], use: LabelUse, several: bool
) -> list[Finding]:
    findings = []
    # Rows with several labels are split so that a label of one row is no obstacle.
    alone = [label for label, count in counts.items() if count < use.least and not several]
    few = [label for label, count in counts.items() if count < FEW_ROWS and label not in alone]
    noun = "word" if use.tags else "row"
    if alone:
        what = "one row only, which cannot be both learnt from and measured on"
        if use.least > 2:
            what = f"fewer than {use.least} rows, one for each part of the split"
        findings.append(_few("error", alone, places, what, "add rows of them, or remove them"))
    if few:
        what, do = f"fewer than {FEW_ROWS} {noun}s", f"add {noun}s of them: their figures will say little"
        findings.append(_few("warning", few, places, what, do))
    (common, most), (rare, least) = counts.most_common()[0], counts.most_common()[-1]
    if least >= FEW_ROWS and most > IMBALANCE * least:
        what = f"{common!r} has {most / least:.0f} times the {noun}s of {rare!r}"
        findings.append(Finding("warning", "imbalance", what, use.balance))
    return findings


def _few(
    level: Level, labels: Sequence[str], places: Mapping[str, Sequence[Place]], what: str, do: str
) -> Finding:
    shown = ", ".join(map(repr, sorted(labels)[:10])) + (", …" if len(labels) > 10 else "")
    groups = single([place for label in sorted(labels) for place in dict.fromkeys(places[label])])
    return Finding(level, "few-rows", f"{counted(len(labels), 'label')} with {what}: {shown}", do, groups)


def check_exact_duplicates(rows: Sequence[CheckRow]) -> list[Finding]:
    """Texts that stand several times, within a part and across parts, and those with two labels."""
    groups = exact_groups(rows)
    return _duplicate_findings(
        rows,
        groups,
        code="duplicate",
        kind="the same text (but for case, marks and spaces)",
        do="keep one of each: bertolt check DATA --fix OUT removes those that are equal to the letter",
    )


def check_near_duplicates(
    rows: Sequence[CheckRow], *, seconds: float, progress: Progress | None = None
) -> list[Finding]:
    """Texts that are nearly the same, leaving out those that are the same; stops after ``seconds``."""
    repeated = {index for group in exact_groups(rows) for index in group[1:]}
    left = [row for index, row in enumerate(rows) if index not in repeated]
    found = near_groups(left, seconds=seconds, progress=progress)
    findings = _duplicate_findings(
        left,
        found.groups,
        code="near-duplicate",
        kind=f"nearly the same text (at least {NEAR:.0%} of their runs of three words)",
        do="look whether one was copied from the other, and keep one of each",
    )
    if found.searched < len(left):
        findings.append(
            Finding(
                "note",
                "time-limit",
                f"near-duplicates were sought among the first {found.searched:,} of {len(left):,} rows only, "
                f"as {seconds:g} seconds were over",
                "give more time with --seconds",
            )
        )
    return findings


def _duplicate_findings(
    rows: Sequence[CheckRow], groups: Sequence[Sequence[int]], *, code: str, kind: str, do: str
) -> list[Finding]:
    within: list[tuple[Place, ...]] = []
    across: list[tuple[Place, ...]] = []
    contrary: list[tuple[Place, ...]] = []
    for group in groups:
        places = tuple(rows[index].place for index in group)
        (across if len({place.part for place in places}) > 1 else within).append(places)
        labels = {frozenset(rows[index].labels) for index in group if rows[index].labels}
        if len(labels) > 1:
            contrary.append(places)
    apart = "remove them from one part: a model is measured too well on texts that it has learnt"
    findings = []
    for found, name, text, advice in (
        (within, code, "", do),
        (across, f"{code}-across", " in different parts", apart),
        (contrary, f"{code}-contrary", " but different labels", "read them and decide which label is right"),
    ):
        if found:
            count = sum(map(len, found))
            what = f"{counted(len(found), 'group')} of rows ({count:,} rows) with {kind}{text}"
            findings.append(Finding("warning", name, what, advice, tuple(sorted(found))))
    return findings
