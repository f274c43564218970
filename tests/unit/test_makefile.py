"""The Makefile's first steps: which Python it takes, and what it says, with made-up interpreters on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def interpreter(folder: Path, name: str, version: tuple[int, int], *, venv: bool = True) -> None:
    """Writes a program that answers as a Python of this version does."""
    file = folder / name
    file.write_text(
        "#!/bin/sh\n"
        'case "$2" in\n'
        f"  *sys.exit*) exit {int(version < (3, 11))} ;;\n"
        f"  *ensurepip*) exit {0 if venv else 1} ;;\n"
        f"  *print*) echo python{version[0]}.{version[1]} ;;\n"
        f'  *) echo "{name} $*" ;;\n'
        "esac\n"
    )
    file.chmod(0o755)


def path(folder: Path) -> dict[str, str]:
    """An environment whose PATH holds the made-up interpreters and the few programs that are needed."""
    for tool in ("sh", "make", "date", "echo", "cat", "rm", "awk", "grep"):
        found = shutil.which(tool)
        if found is not None and not (folder / tool).exists():
            (folder / tool).symlink_to(found)
    return {"PATH": str(folder), "HOME": os.environ.get("HOME", "/")}


def find(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "find-python.sh", *names], env=path(folder), capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        ({"python3.11": (3, 11), "python3": (3, 12)}, "python3.11"),
        ({"python3": (3, 13)}, "python3"),
        ({"python3": (3, 10), "python3.13": (3, 13)}, "python3.13"),
        ({"python3": (3, 9), "python": (3, 14)}, "python"),
    ],
)
def test_the_first_that_is_new_enough(there: dict[str, tuple[int, int]], taken: str, tmp_path: Path) -> None:
    for name, version in there.items():
        interpreter(tmp_path, name, version)
    done = find(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, taken + "\n", "")


def test_one_that_can_make_environments_is_preferred_to_one_that_cannot(tmp_path: Path) -> None:
    interpreter(tmp_path, "python3", (3, 12), venv=False)
    interpreter(tmp_path, "python3.13", (3, 13))
    assert find(tmp_path).stdout == "python3.13\n"
    interpreter(tmp_path, "python3.13", (3, 13), venv=False)
    done = find(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "python3.12 cannot make virtual environments: sudo apt-get install python3.12-venv (Debian, Ubuntu)\n"
    )


def test_without_any_one_line_says_what_to_install(tmp_path: Path) -> None:
    interpreter(tmp_path, "python3", (3, 10))
    done = find(tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "Python 3.11 or later is needed: sudo apt-get install python3 python3-venv" in done.stderr


def test_a_named_one_is_the_only_one(tmp_path: Path) -> None:
    interpreter(tmp_path, "python3.11", (3, 11))
    interpreter(tmp_path, "python3.13", (3, 13))
    assert find(tmp_path, "python3.13").stdout == "python3.13\n"
    assert find(tmp_path, "python3.14").returncode == 1


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "-C", str(ROOT), f"VENV={folder / 'venv'}", *words],
        env=path(folder), capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_make_makes_the_environment_with_the_one_that_is_found(tmp_path: Path) -> None:
    interpreter(tmp_path, "python3.13", (3, 13))
    venv = tmp_path / "venv"
    done = make(tmp_path, str(venv / "bin" / "python"))
    assert f"python3.13 -m venv {venv}" in done.stdout.splitlines()
    shutil.rmtree(venv, ignore_errors=True)
    (tmp_path / "python3.13").unlink()
    refused = make(tmp_path, str(venv / "bin" / "python"))
    assert refused.returncode == 2
    assert "Python 3.11 or later is needed" in refused.stderr


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (
            "demo",
            ["the demo takes about 5 minutes", "demo, 1 of 3", "demo, 2 of 3", "demo, 3 of 3", "demo took"],
        ),
        ("test", ["the checks take about 1 minute and the tests 4", "tests: about 4 minutes"]),
    ],
)
def test_the_time_of_each_step_is_said_in_order(target: str, said: list[str], tmp_path: Path) -> None:
    interpreter(tmp_path, "python3", (3, 13))
    out = make(tmp_path, "-n", target).stdout
    places = [out.index(words) for words in said]
    assert places == sorted(places)
    assert places[0] < out.index("-m pip install")  # before the long installation
