"""The way in: finds the verb, runs it, and turns every ending into an exit code.

0 done; 1 the answer is no; 2 bad input; 130 interrupted; 141 the reader of standard output went away.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence

from bertolt.cli.output import ReportedError, print_error
from bertolt.cli.verbs import VERBS
from bertolt.errors import BertoltError, DiskError, InputError, StoppedError, UnknownNameError
from bertolt.wording import quoted

OK = 0
BROKEN_PIPE = 141  # as the shell counts a process that SIGPIPE ended


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: without the program's name; None takes those of the process.

    Returns:
        The exit code.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in (words[: words.index("--")] if "--" in words else words)
    if not _open_streams():
        return InputError.exit_code
    _set_encoding(as_json)
    _let_waiting_threads_sleep()
    try:
        code = _run(words, as_json)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        return BROKEN_PIPE
    except OSError as error:
        if not _is_of_output(error):
            raise
        _discard_output()
        print_error(
            DiskError(
                "that standard output can be written",
                f"{error.strerror or error}; the result is not complete",
                "free some space, or send standard output elsewhere",
            ),
            as_json=False,
        )
        return DiskError.exit_code
    return code


def _open_streams() -> bool:
    """Prepares for standard streams that are closed, as ``>&-``, cron or a service manager may leave them.

    Standard input stays None. What would go to standard error is lost. Without standard output nothing is
    begun, as the result would be lost.

    Returns:
        Whether standard output is open.
    """
    closed = [stream is None for stream in (sys.stdin, sys.stdout, sys.stderr)]
    # Else a file that is opened later would take the place of a stream, and get what libraries print there.
    while any(closed) and os.open(os.devnull, os.O_RDWR) < 2:
        pass
    if closed[2]:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (open until the process ends)
    if closed[1]:
        print_error(
            InputError(
                "an open standard output, for the result",
                "a closed one",
                "send it to a file, or to /dev/null",
            ),
            as_json=False,
        )
    return not closed[1]


def _discard_output() -> None:
    """Sends what is left of standard output nowhere: Python writes it when it ends, and would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_of_output(error: OSError) -> bool:
    """Whether an error is of writing to standard output: then writing one more byte fails in the same way."""
    try:
        os.write(sys.stdout.fileno(), b"\n")
    except OSError as again:
        return again.errno == error.errno
    return False


def _run(words: Sequence[str], as_json: bool) -> int:
    try:
        return _dispatch(words)
    except BertoltError as error:
        print_error(error, as_json)
        return error.exit_code
    except ReportedError as error:
        return error.exit_code
    except KeyboardInterrupt:
        stopped = StoppedError("run the command again")
        print_error(stopped, as_json)
        return stopped.exit_code


def _dispatch(words: Sequence[str]) -> int:
    if not words or words[0] in ("--help", "-h", "help"):
        sys.stdout.write(overview())
    elif words[0] == "--version":
        from bertolt.version import __version__

        sys.stdout.write(f"bertolt {__version__}\n")
    elif words[0] not in VERBS:
        kind = "option before the verb" if words[0].startswith("-") else "verb"
        known = ["--help", "--version"] if words[0].startswith("-") else VERBS
        raise UnknownNameError(
            kind, words[0], known, do=None if words[0].startswith("-") else _near(words[0])
        )
    else:
        verb = words[0]
        function = getattr(importlib.import_module(f"bertolt.cli.{verb}"), verb)
        return run_verb(verb, function, words[1:])
    return OK


def _near(word: str) -> str | None:
    """A file as the first word means that the verb was forgotten."""
    if os.path.exists(word):
        return f"name a verb first, such as: bertolt train {quoted(word)}"
    return None


def run_verb(verb: str, function: Callable[..., None], words: Sequence[str]) -> int:
    """Parses the words after the verb and calls its function.

    Returns:
        0, or the code of the ``typer.Exit`` by which a verb that has printed its answer says that it is no.

    Raises:
        InputError: the words are not as the verb's help says.
    """
    import typer

    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(context_settings={"help_option_names": ["--help", "-h"]})(function)
    command = typer.main.get_command(app)
    try:
        with command.make_context(f"bertolt {verb}", list(words)) as context:
            command.invoke(context)
    except typer.Exit as end:  # --help was printed, or the answer is no
        return end.exit_code
    except typer.TyperException as error:
        raise _usage_error(error, verb, words) from error
    return OK


def _usage_error(error: Exception, verb: str, words: Sequence[str]) -> InputError:
    # typer's own classes of usage errors are private; what they carry is not.
    option: str | None = getattr(error, "option_name", None)
    near: Sequence[str] = getattr(error, "possibilities", None) or ()
    names: Sequence[str] = getattr(getattr(error, "param", None), "opts", ())
    rule = str(getattr(error, "message", "")).strip().rstrip(".")
    message = " ".join(str(getattr(error, "format_message", error.__str__)()).split()).rstrip(".")
    expected, found = f"the arguments of bertolt {verb}", message[:1].lower() + message[1:]
    if option is not None and message.startswith("No such option"):
        expected, found = f"an option of bertolt {verb}", repr(option)
    elif rule.startswith("Input should be ") and names and names[0].startswith("--"):
        rule = rule.removeprefix("Input should be ").partition(",")[0]
        expected, found = f"a value for {names[0]} that is {rule}", _value_of(names[0], words)
    advice = f"did you mean {' or '.join(near)}?" if near else f"see: bertolt {verb} --help"
    return InputError(expected, found, advice)


def _value_of(option: str, words: Sequence[str]) -> str:
    """What stands behind an option, for a message."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == option:
            return repr(following)
        if word.startswith(f"{option}="):
            return repr(word.partition("=")[2])
    return "another"


def overview() -> str:
    """What ``bertolt --help`` prints."""
    width = max(map(len, VERBS)) + 2
    rows = "".join(f"  {verb:<{width}}{line}\n" for verb, line in VERBS.items())
    return (
        "Usage: bertolt VERB …\n\n"
        "Fine-tune a BERT-family encoder on your text, look inside it, and let people try it.\n\n"
        f"Verbs:\n{rows}\n"
        "Options:\n"
        "  --help     Show this page; `bertolt VERB --help` explains a verb with an example.\n"
        "  --version  Show the version.\n\n"
        "Example:\n"
        "  bertolt train reviews.csv\n"
        '  bertolt predict models/reviews "A gorgeous, witty film."\n'
    )


def _let_waiting_threads_sleep() -> None:
    """Has OpenMP's threads sleep, not spin, while they wait for each other, unless the user says otherwise.

    Spinning gains a single text three milliseconds, and batches nothing, when a machine has nothing else to
    do. When it has, the threads that spin keep the cores from the one that they wait for, and a step takes
    ten times as long. OpenMP reads it once, when torch is loaded; processes that this one starts inherit it.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def _set_encoding(as_json: bool) -> None:
    """Standard output takes any text; JSON is UTF-8 everywhere, and its lone surrogates become escapes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8" if as_json else None, errors="backslashreplace")
