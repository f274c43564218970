"""A fine-tuned encoder as a scikit-learn estimator.

    from bertolt.sklearn import TextClassifier
    cross_val_score(TextClassifier(epochs=1), texts, labels, cv=5)

It trains by the same recipe as ``bertolt train``, from memory and in a temporary folder.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from bertolt.data.frames import is_frame, values_of
from bertolt.data.splits import cut_off
from bertolt.data.table import MemoryTable, Row
from bertolt.errors import InputError
from bertolt.inference.pipeline import Pipeline
from bertolt.tasks.registry import get_task
from bertolt.training.corpus import Part, read_corpus
from bertolt.training.fine_tune import fine_tune
from bertolt.training.settings import TrainSettings, check_settings


class EstimatorInputError(InputError, ValueError):
    """An ``InputError`` that is a ``ValueError`` too, as scikit-learn expects of its estimators."""


class _Folder:
    """A temporary folder that lives as long as this object: an estimator's, as pickling reads it."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="bertolt-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


class TextClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """One label of a closed list for each text.

    Args:
        model: the backbone: ``minilm``, a folder or a Hub id.
        epochs: passes over the training texts.
        lr: peak learning rate; None: the backbone's usual one.
        batch_size: texts of a step.
        max_length: tokens of a row, special ones included; None: 512, or what the backbone has.
        long: what is done with longer texts: ``head``, ``tail``, ``head+tail`` or ``windows``.
        class_weight: None, ``"balanced"``, or a mapping of class to weight.
        seed: of split, head, order and dropout; equal seeds and threads give equal bits.
        validation_fraction: of the texts that checkpoint and temperature are chosen on; they are not
            learnt. 0 chooses nothing; nor is anything chosen on fewer than 20.
        threads: of the processor; None: all cores. With ``n_jobs`` set it to cores divided by jobs.

    Attributes:
        classes_: the classes, sorted, shape (K,).
        pipeline_: the model as ``bertolt.pipeline`` would load it. Its labels are the classes as strings.
    """

    def __init__(  # noqa: PLR0913 (a parameter is a setting that a search may vary)
        self,
        *,
        model: str = "minilm",
        epochs: int = 2,
        lr: float | None = None,
        batch_size: int = 32,
        max_length: int | None = None,
        long: Literal["head", "tail", "head+tail", "windows"] = "head",
        class_weight: Literal["balanced"] | Mapping[Any, float] | None = None,
        seed: int = 0,
        validation_fraction: float = 0.1,
        threads: int | None = None,
    ) -> None:
        self.model = model
        self.epochs = epochs
        self.lr = lr
        self.batch_size = batch_size
        self.max_length = max_length
        self.long = long
        self.class_weight = class_weight
        self.seed = seed
        self.validation_fraction = validation_fraction
        self.threads = threads

    def fit(self, X: Sequence[str] | NDArray[Any], y: ArrayLike) -> Self:
        """Trains on texts and their classes.

        Args:
            X: n texts: a list, a 1-d array or a pandas Series of strings. Empty ones are left out, with a
                warning.
            y: n classes, strings or whole numbers.

        Raises:
            EstimatorInputError: (a ValueError) X or y, or a parameter, cannot be used.
        """
        if y is None:
            raise EstimatorInputError(
                "y, the class of each text", "None", "requires y to be passed, but the target y is None"
            )
        texts = _texts(X)
        targets = _targets(y, len(texts))
        classes = np.unique(targets)
        names = _names(classes)
        labels = [names[place] for place in np.searchsorted(classes, targets)]
        kept = [index for index, text in enumerate(texts) if text.strip()]
        if len(kept) < len(texts):
            # Told here, as the lines of a table in memory mean little to the caller.
            warnings.warn(f"{len(texts) - len(kept)} empty texts are left out of training", stacklevel=2)
        folder = _Folder()
        try:
            settings = self._settings(folder.path, dict(zip(classes.tolist(), names, strict=True)))
            tables = self._tables([(texts[index], labels[index]) for index in kept])
            task = get_task(settings.task)
            corpus = read_corpus(task, task.Settings(), settings, tables)
            run = fine_tune(settings, _say_nothing, corpus=corpus)
        except InputError as error:
            raise EstimatorInputError(error.expected, error.found, error.do) from error
        self.classes_ = classes
        self.pipeline_ = run.pipeline
        self._folder = folder
        return self

    def predict_proba(self, X: Sequence[str] | NDArray[Any]) -> NDArray[np.float64]:
        """The probability of each class, shape (n, K), in the order of ``classes_``.

        Raises:
            NotFittedError: ``fit`` was not called.
            EstimatorInputError: X is not a sequence of strings.
        """
        check_is_fitted(self, "pipeline_")
        names = _names(self.classes_)
        results: Any = self.pipeline_(_texts(X))
        table = [[result.scores[name] for name in names] for result in results]
        return np.asarray(table, dtype=np.float64).reshape(-1, len(names))

    def predict(self, X: Sequence[str] | NDArray[Any]) -> NDArray[Any]:
        """The most probable class of each text, shape (n,).

        Raises:
            NotFittedError, EstimatorInputError: see ``predict_proba``.
        """
        best = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _settings(self, folder: Path, names: Mapping[Any, str]) -> TrainSettings:
        weight: Any = "none" if self.class_weight is None else self.class_weight
        if isinstance(weight, Mapping):
            strange = [each for each in weight if each not in names]
            if strange:
                raise InputError(
                    f"a class_weight of the classes {', '.join(map(repr, names))}",
                    f"also {', '.join(map(repr, strange[:5]))}",
                    "write each class as it stands in y",
                )
            file = folder / "class-weight.json"
            content = {names[each]: float(value) for each, value in weight.items()}
            file.write_text(json.dumps(content), encoding="utf-8")
            weight = str(file)
        if not 0 <= self.validation_fraction < 1:
            raise InputError(
                "a validation_fraction of 0 or more and under 1", f"{self.validation_fraction}", "give 0.1"
            )
        chosen = ("model", "epochs", "lr", "batch_size", "max_length", "long", "seed", "threads")
        values = {name: _plain(getattr(self, name)) for name in chosen}
        fixed = {"data": ("X",), "out": str(folder / "model"), "keep_examples": 0, "class_weight": weight}
        return check_settings(TrainSettings, {**values, **fixed})

    def _tables(self, rows: Sequence[tuple[str, str]]) -> dict[Part, MemoryTable]:
        stay, taken = list(range(len(rows))), list[int]()
        if self.validation_fraction > 0:
            stay, taken = cut_off([label for _, label in rows], self.validation_fraction, self.seed)
        parts: dict[Part, list[int]] = {"train": stay, "validation": taken}
        return {
            part: MemoryTable(
                f"X ({part})",
                ("text", "label"),
                [Row(index + 1, {"text": rows[index][0], "label": rows[index][1]}) for index in indices],
            )
            for part, indices in parts.items()
            if indices
        }

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        # The model travels as the files of its folder: no code of torch or of ours is in the pickle.
        state: dict[str, Any] = dict(super().__getstate__())
        folder = state.pop("_folder", None)
        if state.pop("pipeline_", None) is not None and folder is not None:
            root = folder.path / "model"
            state["_files"] = {file.name: file.read_bytes() for file in root.iterdir() if file.is_file()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        files = state.pop("_files", None)
        super().__setstate__(state)
        if files is not None:
            folder = _Folder()
            root = folder.path / "model"
            root.mkdir()
            for name, content in files.items():
                (root / name).write_bytes(content)
            self._folder = folder
            self.pipeline_ = Pipeline.from_folder(root)


def _texts(X: Any) -> list[str]:
    """The texts of X, each a str.

    Raises:
        EstimatorInputError: X has another shape, or an element that is no string.
    """
    shape = getattr(X, "shape", None)
    unordered = isinstance(X, Mapping | set | frozenset) or is_frame(X)
    if isinstance(X, str | bytes) or unordered or (shape is not None and len(shape) != 1):
        if isinstance(X, str):
            found = "one string"
        else:
            found = f"a value of type {type(X).__name__}" + ("" if shape is None else f" of shape {shape}")
        raise EstimatorInputError(
            "X as a list or a 1-d array of strings", found, "pass one column of texts, such as frame['text']"
        )
    values = values_of(X)
    texts = list(X) if values is None else values
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise EstimatorInputError(
                "X as a list or a 1-d array of strings",
                f"{type(text).__name__} {str(text)[:40]!r} at index {index}",
                "convert it, or drop the rows without text",
            )
    return [str(text) for text in texts]


def _targets(y: Any, count: int) -> NDArray[Any]:
    """The classes of y as a 1-d array.

    Raises:
        EstimatorInputError: y is of another length or kind, or has one class only.
    """
    targets = np.asarray(y)
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if targets.ndim != 1 or len(targets) != count:
        raise EstimatorInputError(
            f"y of shape ({count},), as X has {count} texts", f"{targets.shape}", "pass one class a text"
        )
    check_classification_targets(targets)
    if len(np.unique(targets)) < 2:
        raise EstimatorInputError("at least two classes in y", "one class", "add texts of another class")
    return targets


def _names(classes: NDArray[Any]) -> list[str]:
    """The label of each class in the model, which is a string without space around it.

    Raises:
        EstimatorInputError: two classes have one label, or one has none.
    """
    names = [str(each).strip() for each in classes.tolist()]
    if len(set(names)) < len(names) or not all(names):
        raise EstimatorInputError(
            "classes that differ as strings without space around them",
            ", ".join(map(repr, classes.tolist()))[:200],
            "rename them",
        )
    return names


def _plain(value: Any) -> Any:
    """A parameter as plain Python; searches pass numbers of numpy."""
    return value.item() if isinstance(value, np.generic) else value


def _say_nothing(text: str) -> None:
    """Says nothing: a search trains many models."""
