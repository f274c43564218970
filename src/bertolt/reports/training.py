"""The report that a training leaves in its model folder."""

from __future__ import annotations

from pathlib import Path

from bertolt.reports.report import REPORT, Subject, write_report
from bertolt.training.fine_tune import Run
from bertolt.training.run_folder import RunFolder
from bertolt.training.runlog import read_log


def report_training(run: Run) -> Path | None:
    """Writes ``report.html`` into the model folder of a finished run.

    Texts are left out where the folder keeps no examples (``--keep-examples 0``).

    Returns:
        The file; None where nothing was measured.

    Raises:
        DiskError: it cannot be written; the model folder is complete without it.
    """
    if run.evaluation is None:
        return None
    data = ", ".join(run.record.training["data"])
    if run.record.measured_on == "folds":
        data = f"{data}, each row judged by a model that was trained without it (cross-validation)"
    else:
        data = f"the {run.record.measured_on} part of {data}"
    subject = Subject(
        name=run.folder.name,
        data=data,
        model=run.pipeline.model,
        record=run.record,
        log=read_log(RunFolder(run.folder).path),
        texts=run.record.training["keep_examples"] > 0,
    )
    file = run.folder / REPORT
    write_report(file, subject, run.evaluation)
    return file
