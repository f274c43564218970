"""The Python face: what it exports, what its options are, and that it does what the verbs do."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, get_type_hints

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pydantic_core import PydanticUndefined

import bertolt
import bertolt.api
from bertolt.errors import FolderError, InputError, SettingError, UnknownNameError
from bertolt.inference.pipeline import Pipeline
from bertolt.training.fine_tune import Run
from bertolt.training.settings import TrainOptions, TrainSettings
from process import environment


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, tiny_folder: Callable[[str], Path], sentiment_csv: Path
) -> Run:
    """A training of the Python face."""
    out = tmp_path_factory.mktemp("api") / "model"
    return bertolt.train(
        sentiment_csv, model=tiny_folder("bert"), out=out, epochs=8, lr=0.01, batch_size=8, seed=1, threads=1,
        max_length=64, quiet=True,
    )  # fmt: skip


def test_all_is_sorted_and_real() -> None:
    assert bertolt.__all__ == sorted(bertolt.__all__)
    assert set(bertolt.__all__) == set(bertolt._HOMES)
    for name in bertolt.__all__:
        assert getattr(bertolt, name) is getattr(importlib.import_module(bertolt._HOMES[name]), name)
        assert name in dir(bertolt)
    with pytest.raises(AttributeError, match="no attribute 'tarin'"):
        bertolt.tarin  # noqa: B018


def test_every_function_of_the_api_that_a_user_calls_is_exported() -> None:
    helpers = {"begin", "measure", "names", "nothing", "read_test_data", "reporter"}
    modules = [
        importlib.import_module(f"bertolt.api.{each.name}") for each in iter_modules(bertolt.api.__path__)
    ]
    public = {
        name
        for module in modules
        for name, value in inspect.getmembers(module, inspect.isfunction)
        if value.__module__ == module.__name__ and not name.startswith("_")
    }
    assert {"train", "evaluate", "explain"} <= public
    assert public - helpers <= set(bertolt.__all__)


def test_importing_imports_nothing() -> None:
    heavy = {"torch", "numpy", "transformers", "pydantic"}
    code = f"import sys, bertolt; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, check=True, text=True
    )
    assert done.stdout.strip() == "[]"


def test_options_are_those_of_the_settings() -> None:
    assert set(get_type_hints(TrainOptions)) == set(TrainSettings.model_fields) - {"data"}


def test_the_command_line_has_every_option_with_the_same_default() -> None:
    from bertolt.cli.train import train

    parameters = inspect.signature(train).parameters
    for name, field in TrainSettings.model_fields.items():
        parameter = parameters[f"{name}_" if name == "set" else name]
        if field.default is PydanticUndefined or field.default == ():
            assert parameter.default is None
        else:
            assert parameter.default == field.default, name


def test_a_run(run: Run, sentiment_csv: Path) -> None:
    assert isinstance(run.pipeline, Pipeline)
    assert next(iter(run.metrics)) == "accuracy"
    assert run.metrics["accuracy"].value > 0.9
    result = run.pipeline("the film was gorgeous and moving .")
    assert result == bertolt.pipeline(run.folder)("the film was gorgeous and moving .")
    assert result.to_dict()["label"] == "positive"


def test_evaluate_takes_a_folder_or_a_pipeline(run: Run, sentiment_csv: Path) -> None:
    one = bertolt.evaluate(run.folder, sentiment_csv, quiet=True)
    two = bertolt.evaluate(run.pipeline, str(sentiment_csv), text="text", label=["label"], quiet=True)
    assert one.metrics == two.metrics
    assert len(one.examples) == 240


def test_quiet_or_not(run: Run, sentiment_csv: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bertolt.evaluate(run.pipeline, sentiment_csv, quiet=True)
    assert capsys.readouterr() == ("", "")
    bertolt.evaluate(run.pipeline, sentiment_csv)
    out, err = capsys.readouterr()
    assert out == ""
    assert "240 rows" in err


def test_predict_file(run: Run, sentiment_csv: Path, tmp_path: Path) -> None:
    done = bertolt.predict_file(run.folder, sentiment_csv, tmp_path / "out.jsonl")
    assert (done.rows, done.truncated, done.without_text, done.replaced) == (240, 0, 0, 0)
    assert (tmp_path / "out.jsonl").is_file()


def test_a_wrong_option() -> None:
    with pytest.raises(UnknownNameError, match="did you mean epochs"):
        bertolt.train("reviews.csv", epohcs=3)  # type: ignore[call-arg]
    with pytest.raises(SettingError, match="--batch-size that is greater than or equal to 1; found 0"):
        bertolt.train("reviews.csv", batch_size=0)


def test_resume_refuses_what_is_finished(run: Run) -> None:
    with pytest.raises(FolderError, match="one that is finished"):
        bertolt.resume(run.folder)
    with pytest.raises(FolderError, match="found none"):
        bertolt.resume(run.folder.parent / "other")


def test_frames_stand_for_files(
    run: Run, sentiment_csv: Path, tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    frame = pd.read_csv(sentiment_csv)
    found = bertolt.evaluate(run.pipeline, frame, quiet=True)
    assert found.metrics == bertolt.evaluate(run.pipeline, sentiment_csv, quiet=True).metrics
    renamed = frame.rename(columns={"text": "zig", "label": "zag"})
    named = bertolt.evaluate(run.folder, pa.table(renamed), text="zig", label="zag", quiet=True)
    assert named.metrics == found.metrics
    again = bertolt.train(
        frame[:40], validation=frame[40:60], test=frame[60:80].to_dict("list"), model=tiny_folder("bert"),
        out=tmp_path / "model", epochs=1, seed=1, threads=1, quiet=True,
    )  # fmt: skip
    assert again.record.examples == {"train": 40, "validation": 20, "test": 20}
    assert again.record.training["data"] == ["DataFrame"]
    with pytest.raises(UnknownNameError, match="DataFrame"):  # the table is gone with the call
        bertolt.train("DataFrame", model=tiny_folder("bert"), out=tmp_path / "other", quiet=True)


def test_a_frame_is_predicted_row_by_row(
    run: Run, sentiment_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pd.read_csv(sentiment_csv)[:12]
    expected = [result.to_dict() for result in run.pipeline(frame["text"].to_list())]
    for inputs in (frame, pa.table(frame), frame["text"], frame["text"].to_numpy(), pa.array(frame["text"])):
        results = run.pipeline(inputs)
        assert isinstance(results, list)
        assert [result.to_dict() for result in results] == expected
    assert capsys.readouterr().err == ""
    generated = run.pipeline(text for text in frame["text"])
    assert [result.to_dict() for result in generated] == expected
    missing = run.pipeline(pd.Series(["gorgeous", None, float("nan")], dtype=object))
    assert [result.tokens for result in missing] == [1, 0, 0]
    guessed = run.pipeline(frame.rename(columns={"text": "what they said"}))
    assert [result.to_dict() for result in guessed] == expected
    assert "'what they said'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        (3, "int"),
        (b"bytes", "bytes"),
        ({"a", "b"}, "set"),
        (["a", None], "NoneType"),
        (pd.DataFrame({"n": [1, 2]}), "DataFrame"),
        (pd.Series([1, 2]), "int"),
        (np.zeros((2, 2)), "ndarray of 2 dimensions"),
        ({"text": ["a", "b"]}, "list"),
    ],
)
def test_other_inputs_are_refused_with_their_type(run: Run, inputs: Any, found: str) -> None:
    with pytest.raises(InputError, match=found):
        run.pipeline(inputs)


def test_data_of_another_type_is_refused(run: Run) -> None:
    with pytest.raises(InputError, match="a value of type Series"):
        bertolt.evaluate(run.pipeline, pd.Series(["a"]))
    with pytest.raises(InputError, match="a value of type int"):
        bertolt.train(3)
