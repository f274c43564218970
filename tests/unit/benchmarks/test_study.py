"""Commands of a study are found, told their marks, and give their figures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from benchmarks.study import StudyError, Where, run_command

PRINT = "import json, sys; print('a line'); print(json.dumps({'said': sys.argv[1:]}))"


@pytest.mark.parametrize("program", ["python", sys.executable])
def test_a_program_is_named_by_its_name_or_its_whole_path(program: str, tmp_path: Path) -> None:
    command = f'{program} -c "{PRINT}" $SEED $DEVICE $DATA/x $OUT'
    run = run_command(command, Where(tmp_path, "cpu"), seed=7)
    said = run.figures["said"]
    assert said == ["7", "cpu", "$DATA/x", "$OUT"]  # results say nothing of one machine's folders


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"no such program: .*nothere"):
        run_command("$DATA/nothere --x", Where(tmp_path), seed=0)


def test_a_command_without_figures_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no JSON object"):
        run_command('python -c "print(3)"', Where(tmp_path), seed=0)
