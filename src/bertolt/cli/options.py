"""Options that several verbs share, in typer's notation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, cast

import typer

from bertolt.data.readers.options import DEFAULT, ReadOptions, ReadSettings
from bertolt.errors import SettingError

#: The defaults of the options of reading.
READ = DEFAULT
Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document on standard output.")]
Device = Annotated[
    str,
    typer.Option(metavar="auto|cpu|cuda|mps", help="Where the model runs; auto takes a GPU if there is one."),
]
Dtype = Annotated[
    str,
    typer.Option(
        metavar="fp32|bf16",
        help="bf16 is faster on a GPU; results then depend a little on their batch-mates.",
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        metavar="auto|torch|onnx",
        help="What runs the model; auto takes what the folder was exported for, else torch.",
    ),
]
Threads = Annotated[
    int | None, typer.Option(metavar="N", help="Threads of the processor.", show_default="every core")
]
Text = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COL",
        help="The data's text column; repeat it for a task with several.",
        show_default="usual names",
    ),
]
Label = Annotated[
    list[str] | None,
    typer.Option(metavar="COL", help="The data's label column.", show_default="usual names"),
]
Delimiter = Annotated[
    str | None,
    typer.Option(
        metavar="C", help="What separates the fields: one character or tab.", show_default="guessed"
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        metavar="E", help="The encoding of text files, such as latin-1.", show_default="UTF-8, or guessed"
    ),
]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="Whether the first line names the columns; without names they are called 1, 2, …",
        show_default="it does, unless it looks like data",
    ),
]
Sheet = Annotated[
    str | None,
    typer.Option(metavar="S", help="Name or number of a workbook's sheet.", show_default="the only one"),
]
MaxCell = Annotated[
    int, typer.Option(metavar="N", help="Characters that a cell, or a line of a text file, may have.")
]
MaxExpansion = Annotated[
    int,
    typer.Option(metavar="N", help="How many times its size a compressed file may grow (100 MB always may)."),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A setting of the task (see `bertolt tasks TASK`) or of --method; for a model of others also "
        "names=A,B,…: its labels in their order.",
    ),
]
MODEL_HELP = (
    "A folder that `bertolt train` wrote, or a model that others trained: a folder that transformers "
    "saved, or a Hub id (owner/name, owner/name@revision)."
)
Folder = Annotated[str, typer.Argument(metavar="MODEL", help=MODEL_HELP)]
Task = Annotated[
    str | None,
    typer.Option(
        metavar="T", help="Refuse a model for another task; read a classifier of others for this one."
    ),
]


def given_options(context: typer.Context) -> dict[str, Any]:
    """The options and arguments that the user gave, by the names of a verb's parameters."""
    given = {}
    for name, value in context.params.items():
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            given[name.rstrip("_")] = value
    return given


def read_settings(context: typer.Context) -> ReadSettings:
    """What the options of reading say, from --delimiter to --max-expansion.

    Raises:
        SettingError: a value that cannot be used.
    """
    from bertolt.training.settings import check_settings

    return check_settings(ReadSettings, read_given(context))


def read_given(context: typer.Context) -> ReadOptions:
    """The options of reading that the user gave."""
    given = given_options(context)
    return cast(ReadOptions, {name: given[name] for name in ReadSettings.model_fields if name in given})


def settings_from(pairs: Sequence[str] | None) -> dict[str, Any]:
    """What ``--set name=value`` says; a value in JSON (a number, true, a list) is read as such.

    Raises:
        SettingError: a pair without ``=``, or one name twice.
    """
    import json

    found: dict[str, Any] = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise SettingError("--set NAME=VALUE", repr(pair), "write for example: --set top_k=3")
        if name in found:
            raise SettingError(f"--set {name} once", "it twice", "keep one of them")
        try:
            found[name.strip()] = json.loads(value)
        except json.JSONDecodeError:
            found[name.strip()] = value
    return found
