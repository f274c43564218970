"""Every error that Bertolt raises on purpose.

    BertoltError             expected, found, do: one clear message
    ├── InputError           something that was given is wrong (exit code 2)
    │   ├── DataError        a data file or a row of it, with its line
    │   │   ├── ColumnsError columns that were not found, or that are as likely as others
    │   │   └── HeaderError  a first line that looks like data, not like the names of columns
    │   ├── UnknownNameError a task, model, data set, column or setting that does not exist
    │   ├── SettingError     a setting whose value cannot be used
    │   ├── FolderError      a model folder that is missing, damaged, foreign or for another task
    │   ├── DiskError        a file that could not be written or read
    │   ├── BusyError        a file or folder that another process is writing
    │   ├── NetworkError     a Hub id that could not be reached
    │   └── MissingExtraError an import that an extra of this package provides
    ├── RefusedError         the answer is no: a check or a gate that did not pass (exit code 1)
    └── StoppedError         interrupted from the keyboard (exit code 130)

Each carries the same three parts, and Python, the command line (as text or as ``--json``) and HTTP
show the same ones.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BertoltError(Exception):
    """An error in three parts.

    Args:
        expected: what would have been right, as a noun phrase.
        found: what was there instead.
        do: what to do about it, as an imperative sentence without a full stop.
    """

    exit_code = 2

    def __init__(self, expected: str, found: str, do: str) -> None:
        super().__init__(f"expected {expected}; found {found}; {do}")
        self.expected = expected
        self.found = found
        self.do = do

    def __reduce__(self) -> tuple[object, ...]:
        # Built by subclasses from other arguments, so a worker process must not call their constructor.
        return _rebuild, (type(self), self.expected, self.found, self.do)

    def to_dict(self) -> dict[str, str]:
        """The three parts, as ``--json`` and HTTP print them."""
        return {"expected": self.expected, "found": self.found, "do": self.do}


def _rebuild(kind: type[BertoltError], expected: str, found: str, do: str) -> BertoltError:
    error = kind.__new__(kind)
    BertoltError.__init__(error, expected, found, do)
    return error


class InputError(BertoltError):
    """Something that was given is wrong."""


class DataError(InputError):
    """A data file, or a row of it, that cannot be used. Its text names the line."""


class ColumnsError(DataError):
    """Columns of a data file that were not found, or two that are as likely."""


class HeaderError(DataError):
    """A first line that looks like data, not like the names of columns."""


class UnknownNameError(InputError):
    """A name that does not exist. Offers near ones.

    Args:
        kind: what is named, such as ``"task"``.
        name: the name that was given.
        known: the names that exist.
        do: overrides the closing advice.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], do: str | None = None) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        advice = do or (f"did you mean {' or '.join(near)}?" if near else "choose one of those")
        shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
        article = "an" if kind[:1] in "aeiou" else "a"
        super().__init__(f"{article} {kind} out of {shown}", f"{name!r}", advice)


class SettingError(InputError):
    """A setting whose value cannot be used."""


class FolderError(InputError):
    """A model folder that is missing, damaged, not ours, or for another task."""


class DiskError(InputError):
    """A file that could not be written or read: a full disk, a missing permission."""


class BusyError(InputError):
    """A file or folder that another process is writing."""


class NetworkError(InputError):
    """A Hub id that could not be reached."""


class MissingExtraError(InputError):
    """An import that an extra provides.

    Args:
        extra: the extra's name in ``pip install 'bertolt[extra]'``.
        need: what it is needed for.
        alone: the packages that are missing, where what they require is not needed.
    """

    def __init__(self, extra: str, need: str, *, alone: Iterable[str] = ()) -> None:
        names = " ".join(alone)
        without = f", or without the packages that these require: pip install --no-deps {names}"
        super().__init__(
            f"the packages of the extra {extra!r}, for {need}",
            "that they are not installed",
            f"run: pip install 'bertolt[{extra}]'" + (without if names else ""),
        )


class RefusedError(BertoltError):
    """The answer is no: a check or a gate that did not pass."""

    exit_code = 1


class StoppedError(BertoltError):
    """The user interrupted the work.

    Args:
        do: how to go on.
    """

    exit_code = 130

    def __init__(self, do: str) -> None:
        super().__init__("time to finish", "an interruption from the keyboard", do)
