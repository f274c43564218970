"""Shapes of public csv files with a text and a label: the command that ``check`` prints reads them all."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from bertolt.tasks.proposing import Proposal, propose_for
from bertolt.tasks.reading import ColumnChoice
from bertolt.tasks.registry import get_task
from bertolt.tasks.task import typed_settings
from bertolt.training.corpus import Corpus, read_corpus
from bertolt.training.settings import TrainSettings
from process import run

#: Forty texts, good ones on even places.
TEXTS = [
    f"{'A warm and funny' if place % 2 == 0 else 'A dull and slow'} evening at the theatre, part {place}."
    for place in range(40)
]


def _rows(template: str, moods: tuple[str, str] = ("ham", "spam")) -> str:
    """A line a text, made by the template."""
    return "".join(
        template.format(
            place=place, text=text, mood=moods[place % 2], good=1 - place % 2, third=int(place % 3 == 0),
            fourth=int(place % 4 == 1), stars=place % 5 + 1,
        ) + "\n"
        for place, text in enumerate(TEXTS)
    )  # fmt: skip


PLAIN, MANY = "text-classification", "multi-label-classification"
PAIRS, GRADES = "sentence-pair-classification", "sentence-grading"
OTHER = "Another headline about the part {place} of it."

#: Name to content, encoding, and the task that is proposed first.
SHAPES: dict[str, tuple[str, str, str]] = {
    "v1-v2.csv": ("v1,v2,,,\n" + _rows('{mood},"{text}",,,'), "latin-1", PLAIN),
    "index.csv": (",post_x,mood\n" + _rows('{place},"{text}",{mood}'), "utf-8", PLAIN),
    "semicolons.csv": (
        "kommentar;stimmung\n" + _rows('"{text}";{mood}', ("gut", "schlecht")),
        "utf-8-sig",
        PLAIN,
    ),
    "headerless.tsv": (_rows("{mood}\t{text}"), "utf-8", PLAIN),
    "sep.csv": ("sep=;\nmessage;kind\n" + _rows("{text};{mood}"), "utf-8", PLAIN),
    "pipes.csv": ("utterance|intent\n" + _rows("{text}|{mood}"), "utf-8", PLAIN),
    "one hot.csv": (
        "id,comment_text,toxic,obscene,threat\n" + _rows('{place:04d},"{text}",{good},{third},{fourth}'),
        "utf-8",
        MANY,
    ),
    "mac.csv": (("post_x,klass\n" + _rows('"{text}",{mood}')).replace("\n", "\r"), "utf-8", PLAIN),
    "latin.csv": ("avis,saison\n" + _rows('"{text} Café.",{mood}', ("été", "hiver")), "latin-1", PLAIN),
    "pair.csv": ("headline_a,headline_b,agree\n" + _rows(f'"{{text}}","{OTHER}",{{good}}'), "utf-8", PAIRS),
    "stars.csv": ("Id,Summary_text,Stars\n" + _rows('{place},"{text}",{stars}'), "utf-8", GRADES),
}


def _write(name: str, folder: Path) -> Path:
    content, encoding, _ = SHAPES[name]
    path = folder / name
    path.write_bytes(content.encode(encoding))
    return path


def _options(command: str) -> dict[str, list[str]]:
    """The options of a printed command, as a shell reads them; DATA under the empty name."""
    words = shlex.split(command)
    assert words[:2] == ["bertolt", "train"]
    found: dict[str, list[str]] = {"": [words[2]]}
    flags = [word for word in words if word == "--no-header"]
    found["--no-header"] = flags
    rest = [word for word in words[3:] if word not in flags]
    for option, value in zip(rest[::2], rest[1::2], strict=True):
        found.setdefault(option, []).append(value)
    return found


def _read(first: Proposal) -> Corpus:
    """What training reads with the first command."""
    given = _options(first.commands[0])
    task = get_task(given.get("--task", ["text-classification"])[0])
    settings = typed_settings(task, dict(each.split("=", 1) for each in given.get("--set", ())))
    train = TrainSettings(
        data=tuple(given[""]),
        text=tuple(given.get("--text", ())),
        label=tuple(given.get("--label", ())),
        header=False if given["--no-header"] else None,
    )
    corpus = read_corpus(task, settings, train)
    assert task.label_names(corpus.train, settings)
    return corpus


@pytest.mark.parametrize("name", SHAPES)
def test_the_command_that_is_proposed_reads_every_row(name: str, tmp_path: Path) -> None:
    path = _write(name, tmp_path)
    first = propose_for(str(path), ColumnChoice()).found[0]
    assert first.task == SHAPES[name][2]
    corpus = _read(first)
    examples = [*corpus.train, *corpus.validation]
    task = get_task(first.task)
    read = {" ".join(task.texts(example)).removesuffix(" Café.") for example in examples}
    if name == "pair.csv":
        read = {text.split(" Another")[0] for text in read}
    assert read == set(TEXTS)
    labels = {label for example in examples for label in _labels(task.stratum(example))}
    assert len(labels) == {"one hot.csv": 3, "stars.csv": 5}.get(name, 2)


def _labels(stratum: object) -> tuple[str, ...]:
    return stratum if isinstance(stratum, tuple) else (str(stratum),)


@pytest.mark.parametrize("name", ["v1-v2.csv", "one hot.csv"])
def test_the_printed_command_trains(name: str, backbone: Path, tmp_path: Path) -> None:
    _write(name, tmp_path)
    checked = run("check", name, "--model", backbone, "--json", cwd=tmp_path)
    (command, *_) = checked.document["tasks"][0]["commands"]
    words = shlex.split(command)[1:]
    done = run(
        *words,
        "--model",
        backbone,
        "--out",
        "model",
        "--epochs",
        "1",
        "--threads",
        "1",
        "--json",
        cwd=tmp_path,
    )
    assert done.code == 0, done.err
    assert done.document["examples"]["train"] + done.document["examples"]["validation"] == 40


def test_a_plain_train_guesses_says_so_or_prints_both_commands(backbone: Path, tmp_path: Path) -> None:
    path = _write("semicolons.csv", tmp_path)
    corpus = read_corpus(
        get_task("text-classification"),
        get_task("text-classification").Settings(),
        TrainSettings(data=(str(path),)),
    )
    assert (
        "columns: text = 'kommentar' (40 different texts), label = 'stimmung' (2 values). "
        f"To choose others: bertolt train {path} --text … --label …"
    ) in corpus.notes
    _write("one hot.csv", tmp_path)
    done = run("train", "one hot.csv", "--model", backbone, "--out", "model", cwd=tmp_path)
    assert done.code == 2
    assert "bertolt train 'one hot.csv' --text comment_text --label toxic" in done.err
    assert "--task multi-label-classification --text comment_text --label toxic --label obscene" in done.err
    assert not (tmp_path / "model").exists()


def test_texts_without_labels_are_told_what_can_be_done(backbone: Path, tmp_path: Path) -> None:
    (tmp_path / "pool.csv").write_text("text\n" + "".join(f'"{text}"\n' for text in TEXTS))
    done = run("train", "pool.csv", "--model", backbone, "--out", "model", cwd=tmp_path)
    assert done.code == 2
    assert "bertolt adapt minilm pool.csv" in done.err
    assert "bertolt train LABELLED --unlabelled pool.csv" in done.err
    checked = run("check", "pool.csv", "--model", backbone, cwd=tmp_path)
    assert checked.code == 0, checked.err
    assert "bertolt adapt minilm pool.csv --out models/adapted" in checked.out
