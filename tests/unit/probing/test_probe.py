"""A probe as a whole: its controls, its folder, a resumed run, a comparison, and what is refused."""

from __future__ import annotations

import inspect
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic_core import PydanticUndefined
from safetensors.numpy import save_file
from safetensors.torch import load_file

import bertolt
from bertolt.cli.probe import probe as verb
from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import DataError, FolderError, InputError, SettingError, UnknownNameError
from bertolt.probing.compare import compare_probes
from bertolt.probing.control import control_labels
from bertolt.probing.corpus import read_probe_data
from bertolt.probing.edge_tasks import get_edge_task
from bertolt.probing.probe import Probing, Report, probe, resume
from bertolt.probing.record import COUNTS, PROBES, RESULTS, is_probe, load_counts, load_probe
from bertolt.probing.settings import ProbeOptions, ProbeRecipe, ProbeSettings
from bertolt.probing.words import sentences
from bertolt.reports.probe_report import write_probe_report
from bertolt.training.prepare import Say
from bertolt.training.runlog import RunLog
from edges import KINDS, random_labels

Make = Callable[..., ProbeSettings]


def _silent(line: str) -> None:
    pass


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_labels(tmp_path_factory.mktemp("edges"), texts=240)


@pytest.fixture(scope="module")
def settings(tiny_folder: Callable[[str], Path], data: Path) -> Make:
    def call(out: Path, **options: object) -> ProbeSettings:
        recipe = {"projection": 64, "dropout": 0.0, "steps": 12, **options.pop("set", {})}  # type: ignore[dict-item]
        values = {
            "model": str(tiny_folder("bert")), "data": str(data), "edge_task": "edges", "epochs": 12,
            "lr": 2e-2, "batch_size": 8, "device": "cpu", "threads": 1,
        }  # fmt: skip
        return ProbeSettings.model_validate({**values, "out": str(out), "set": recipe, **options})

    return call


@pytest.fixture(scope="module")
def done(settings: Make, tmp_path_factory: pytest.TempPathFactory) -> Probing:
    return probe(settings(tmp_path_factory.mktemp("probes") / "first", seeds=2), _silent)


def test_on_random_labels_selectivity_is_about_nothing(done: Probing) -> None:
    for each in done.folder.results.inputs:
        if each.selectivity is None or each.name not in ("lexical", "layer 0"):
            continue
        assert each.f1.value is not None
        assert each.selectivity.value is not None
        assert each.f1.value > 0.9  # both are learnt by heart
        assert abs(each.selectivity.value) < 0.05


def test_its_figures_hang_together(done: Probing) -> None:
    results = done.folder.results
    assert [each.name for each in results.inputs] == [
        "lexical", "layer 0", "layer 1", "layer 2", "layers 0-1", "layers 0-2",
    ]  # fmt: skip
    for each in results.inputs:
        controlled = each.name != "layers 0-1"
        assert (each.control is not None) == controlled
        if controlled:
            assert each.control is not None
            assert each.selectivity is not None
            assert each.f1.value is not None
            assert each.control.value is not None
            assert each.selectivity.value == pytest.approx(each.f1.value - each.control.value)
        assert (each.differential is not None) == each.mixed
    assert [each.seed for each in results.mixes] == [0, 1]
    assert results.mixes[0].f1 == pytest.approx(results.mix.f1.value)
    for mixed in results.mixes:
        assert sum(mixed.weights) == pytest.approx(1)
        assert 0 <= mixed.centre_of_gravity <= 2
    assert [each.name for each in results.code] == ["lexical", results.best_layer, "layers 0-2"]
    assert {each.name for each in results.labels} == set(KINDS)
    targets = done.folder.record.targets["test"]
    assert sum(each.targets for each in results.labels) == targets
    if not results.gain.above_zero:
        assert results.expected_layer is None
        assert "no layer can be named" in sentences(done.folder)[1]


def test_the_folder_is_whole_and_the_run_folder_is_tidy(done: Probing) -> None:
    folder = done.folder.path
    assert sorted(file.name for file in folder.iterdir()) == ["bertolt.json", COUNTS, PROBES, RESULTS]
    assert is_probe(folder)
    assert load_probe(folder) == done.folder
    counts = load_counts(folder)
    gold = int(counts["gold"].sum())
    hits = counts["hits"].sum(axis=1)
    place = 1
    f1 = 2 * hits[place] / (gold + counts["predicted"][place].sum())
    assert f1 == pytest.approx(done.folder.results.inputs[place].f1.value)
    run = folder.parent / "first.run"
    assert sorted(each.name for each in run.iterdir()) == ["log.jsonl", "settings.json"]
    assert not is_probe(folder.parent)


def test_an_interrupted_run_ends_as_one_that_was_not(
    settings: Make, done: Probing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, count = RunLog.write, 0

    def stopping(log: RunLog, kind: str, figures: dict[str, float]) -> None:
        nonlocal count
        write(log, kind, figures)
        count += 1
        if count in (150, 500, 1400):  # in the second epoch of the task, in a control, in the code
            raise KeyboardInterrupt

    monkeypatch.setattr(RunLog, "write", stopping)
    out = tmp_path / "probe"
    with pytest.raises(KeyboardInterrupt):
        probe(settings(out, seeds=2), _silent)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            resume(out, _silent)
    again = resume(out, _silent)
    assert again.folder.results == done.folder.results
    one, other = (load_file(each.folder.path / PROBES) for each in (again, done))
    assert all((one[name] == other[name]).all() for name in one)
    with pytest.raises(FolderError, match="finished"):
        resume(out, _silent)


def test_the_report_shows_other_tasks_too(settings: Make, done: Probing, tmp_path: Path) -> None:
    folder = shutil.copytree(done.folder.path, tmp_path / "one")
    content = json.loads((folder / "bertolt.json").read_text())
    content["settings"]["beside"] = [str(done.folder.path)]
    (folder / "bertolt.json").write_text(json.dumps(content))
    page = write_probe_report(load_probe(folder)).read_text(encoding="utf-8")
    assert page.count("Against the controls: edges") == 2
    for part in ("Tasks by layers", "Mixing weights", "Description length", "By label", "selectivity"):
        assert part in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_comparing(settings: Make, done: Probing, tmp_path: Path, tiny_folder: Callable[[str], Path]) -> None:
    same = compare_probes(done.folder.path, done.folder.path)
    assert all(each.difference.value == 0 for each in same.inputs)
    assert same.verdict.startswith("no difference can be shown")
    # One that is right nowhere when it reads layer 0.
    worse = shutil.copytree(done.folder.path, tmp_path / "worse")
    counts = {name: values.copy() for name, values in load_counts(worse).items()}
    counts["hits"][1] = 0
    save_file(counts, worse / COUNTS)
    found = compare_probes(done.folder.path, worse)
    assert found.inputs[1].difference.high < 0
    assert "less in layer 0" in found.verdict
    for key, value, part in (
        ("edge_task", "entities", "one edge task"),
        ("data", {"test": "x"}, "same targets"),
    ):
        other = shutil.copytree(done.folder.path, tmp_path / key)
        content = json.loads((other / "bertolt.json").read_text())
        (other / "bertolt.json").write_text(json.dumps({**content, key: value}))
        with pytest.raises(InputError, match=part):
            compare_probes(done.folder.path, other)


def test_control_labels_belong_to_types(
    settings: Make, tmp_path: Path, tiny_folder: Callable[[str], Path]
) -> None:
    pairs = random_labels(tmp_path, pairs=True)
    tokenizer = Tokenizer.from_folder(tiny_folder("bert"))
    for file, arity in ((Path(settings(tmp_path).data), 1), (pairs, 2)):
        given = settings(tmp_path, data=str(file))
        found = read_probe_data(get_edge_task("edges"), given, ProbeRecipe(), tokenizer)
        assert found.arity == arity
        labels = control_labels(found, 0)
        seen: dict[tuple[str, ...], tuple[bool, ...]] = {}
        for example, rows in zip(found.examples, labels, strict=True):
            for target, row in zip(example.targets, rows, strict=True):
                key = tuple(example.text[start:stop] for start, stop in target.spans)
                assert seen.setdefault(key, tuple(row)) == tuple(row)
                assert row.sum() == 1
        assert len(set(seen.values())) == len(KINDS)
        assert any((a != b).any() for a, b in zip(labels, control_labels(found, 1), strict=True))


def test_what_is_left_out_is_counted(
    settings: Make, tmp_path: Path, tiny_folder: Callable[[str], Path]
) -> None:
    lines = random_labels(tmp_path, texts=60).read_text().splitlines()
    strange = {
        "text": "dull \u0001 plot", "targets": [
            {"span1": [0, 1], "label": "new"}, {"span1": [1, 2], "label": "fish"},
            {"span1": [2, 9], "label": "fish"}, {"span1": [1, 1], "label": "fish"},
        ],
    }  # fmt: skip
    test = tmp_path / "test.jsonl"
    test.write_text("\n".join([*lines[:8], json.dumps(strange)]))
    tokenizer = Tokenizer.from_folder(tiny_folder("bert"))
    given = settings(tmp_path, data=str(tmp_path / "edges.jsonl"), test=str(test))
    found = read_probe_data(get_edge_task("edges"), given, ProbeRecipe(max_targets=60), tokenizer)
    assert found.left_out.counts() == {
        "a span outside its text": 1, "an empty span": 1,
        "a span of which the tokenizer keeps no character": 1,
    }  # fmt: skip
    assert found.targets("train") == 60
    assert found.unseen.sum() == 1
    assert found.unseen[found.parts["test"][-1]] == 1
    notes = "\n".join(found.notes)
    assert "max_targets: 60 of" in notes
    assert "'new' (1); they count as missed" in notes
    assert "of the test part also in the training part" in notes


@pytest.mark.parametrize(
    ("options", "error", "part"),
    [
        ({"edge_task": "edge"}, UnknownNameError, "edges"),
        ({"set": {"width": 3}}, UnknownNameError, "projection"),
        ({"set": {"dropout": 1.5}}, SettingError, "dropout"),
        ({"max_length": 4096}, SettingError, "512"),
        ({"data": "none.jsonl"}, DataError, "no file"),
        ({"model": "./none"}, UnknownNameError, "minilm"),
    ],
)
def test_bad_input_leaves_nothing(
    settings: Make, tmp_path: Path, options: dict[str, object], error: type[InputError], part: str
) -> None:
    with pytest.raises(error, match=part):
        probe(settings(tmp_path / "probe", **options), _silent)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("targets", "part"),
    [
        ([], "no labelled span"),
        ([{"span1": [0, 1], "label": "x"}], "at least two labels"),
        ([{"span1": [0, 1], "label": "x"}, {"span1": [0, 1], "span2": [0, 1], "label": "y"}], "one span"),
    ],
)
def test_data_that_cannot_be_probed(
    settings: Make, tmp_path: Path, targets: list[dict[str, object]], part: str
) -> None:
    file = tmp_path / "edges.jsonl"
    file.write_text("\n".join(json.dumps({"text": f"dull {n}", "targets": targets}) for n in range(40)))
    with pytest.raises(DataError, match=part):
        probe(settings(tmp_path / "probe", data=str(file)), _silent)


def test_the_python_face_and_the_verb_have_every_option() -> None:
    fields = ProbeSettings.model_fields
    assert set(ProbeOptions.__annotations__) | {"model", "data", "edge_task", "out"} == set(fields)
    parameters = inspect.signature(verb).parameters
    for name, field in fields.items():
        empty = field.is_required() or field.default in ((), PydanticUndefined)
        shown = parameters["set_" if name == "set" else name].default
        assert shown == (None if empty else field.default), name


def test_the_python_face_does_what_the_verb_does(
    settings: Make,
    done: Probing,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wanted = settings(tmp_path / "probe", beside=(str(done.folder.path),), seeds=2, test="test.jsonl")
    shutil.copytree(done.folder.path, wanted.out)
    run: list[ProbeSettings] = []

    def recorded(told: ProbeSettings, say: Say, report: Report) -> Probing:
        run.append(told)
        done = Probing(load_probe(Path(told.out)), 1.0)
        report(done)
        return done

    monkeypatch.setattr("bertolt.probing.probe.probe", recorded)
    found = bertolt.probe(
        Path(wanted.model), Path(wanted.data), edge_task="edges", out=Path(wanted.out), seeds=2,
        beside=done.folder.path, test=Path("test.jsonl"), epochs=12, lr=2e-2, batch_size=8, device="cpu",
        threads=1, set=wanted.set,
    )  # fmt: skip
    assert run == [wanted]
    assert found.results == done.results
    report = Path(wanted.out) / "report.html"
    assert report.is_file()
    assert f"report: {report}" in capsys.readouterr().err


def test_the_python_face_refuses_what_it_does_not_know() -> None:
    with pytest.raises(UnknownNameError, match="did you mean seed or seeds"):
        bertolt.probe("minilm", "a.jsonl", edge_task="edges", out="p", seedz=2)  # type: ignore[call-arg]
