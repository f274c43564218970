"""The measurement of programs that a few lines pretend to be."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bertolt.errors import FolderError
from bertolt.evaluation.bench import protocol
from bertolt.evaluation.bench.backend import BackendProcess, BackendSpec, NoResponse, parse_response
from bertolt.evaluation.bench.flops import EncoderShape
from bertolt.evaluation.bench.measure import Plan, measure, nearest
from bertolt.progress import NoProgress

PROGRAM = '''
import os, sys
from protocol import serve

class Fake:
    def load(self, folder, mode, threads, max_length):
        print("a library that prints")
        if mode == "dies": sys.exit("no such engine")
        self.mode = mode
        return {"fake": f"{threads} {max_length}"}

    def predict(self, inputs):
        if self.mode == "dies later" and len(inputs) == 3: os._exit(7)
        if self.mode == "loses": return ["even"]
        return ["odd" if len(text) % 2 and self.mode != "differs" else "even" for text in inputs]

serve(Fake(), {
    "lengths": lambda inputs: {"lengths": [[len(text)] for text in inputs]},
    "rate": lambda shape: {"gflops": float(sum(shape))},
})
'''  # fmt: skip
INPUTS = ["a", "bb", "ccc"]
PLAN = Plan(rounds=2, threads=3, max_length=64, shape=EncoderShape(1, 4, 8, False, (None,)))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "peer.py").write_text(PROGRAM)
    (tmp_path / "protocol.py").write_bytes(Path(protocol.__file__).read_bytes())
    return tmp_path


def backend(home: Path, mode: str) -> BackendSpec:
    return BackendSpec(f"fake {mode}", home, mode, (sys.executable, "peer.py"), home, dict(os.environ))


def test_programs_take_turns_and_their_answers_are_compared(home: Path) -> None:
    modes = ("ours", "differs", "dies", "dies later", "loses")
    found = measure([backend(home, mode) for mode in modes], INPUTS, PLAN, NoProgress())
    ours, differs = found.lines
    assert (ours.name, ours.agree, ours.versions) == ("fake ours", 3, {"fake": "3 64"})
    assert (differs.name, differs.agree) == ("fake differs", 1)
    assert len(ours.seconds) == 2
    assert ours.megabytes > 1
    assert (found.gflops, found.threads, found.rounds) == (12.0, 3, 2)
    assert (found.work.texts, found.work.tokens, found.work.latency_texts) == (3, 6, 3)
    assert found.problems == {
        "fake dies": "ended with exit code 1 when asked to load: no such engine",
        "fake dies later": "ended with exit code 7 when asked to predict: a library that prints",
        "fake loses": "1 labels for 3 inputs",
    }


def test_without_the_reference_there_is_nothing_to_compare_with(home: Path) -> None:
    with pytest.raises(FolderError, match="fake dies ended with exit code 1"):
        measure([backend(home, "dies"), backend(home, "ours")], INPUTS, PLAN, NoProgress())


def test_a_program_that_is_not_there_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(NoResponse, match="cannot be started: No such file"):
        BackendProcess(("./missing",), tmp_path, {})


def test_a_program_that_says_nothing_is_ended(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import time; time.sleep(60)")
    with (
        BackendProcess(command, tmp_path, {}, seconds=0.2) as process,
        pytest.raises(NoResponse, match="code -9"),
    ):
        process.ask("load")


@pytest.mark.parametrize("line", ["warning: hello\n", "[1]\n", "\n"])
def test_what_is_no_answer_is_refused(line: str) -> None:
    with pytest.raises(NoResponse, match="answered with no JSON object"):
        parse_response(line)


def test_an_error_is_told_in_its_own_words() -> None:
    with pytest.raises(NoResponse, match=r"^out of memory$"):
        parse_response('{"error": "out of memory"}\n')


def test_unknown_questions_are_answered_by_an_error() -> None:
    assert protocol.answer(None, {"do": "sing"}, {}) == {"error": "no question is called 'sing'"}  # type: ignore[arg-type]


def test_the_inputs_alone_are_those_nearest_in_length() -> None:
    assert nearest([[5], [30], [10, 19], [90], [33]], 30, 3) == [1, 2, 4]
