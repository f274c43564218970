"""The estimator: scikit-learn's own checks, searches, pipelines, pickles."""

from __future__ import annotations

import gc
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

from bertolt.errors import InputError
from bertolt.sklearn import TextClassifier
from tiny import sentiment_rows

TEXTS = [text for text, _ in sentiment_rows()]
# Whole numbers whose order as strings is another.
TARGETS = np.asarray([9 if label == "positive" else 10 for _, label in sentiment_rows()])

#: The checks of scikit-learn that an estimator of texts can be given; the others pass it matrices of numbers.
CHECKS = (
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_estimators_unfitted",
    "check_fit1d",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_n_features_in_after_fitting",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_requires_y_none",
    "check_set_params",
    "check_supervised_y_no_nan",
    "check_valid_tag_types",
)

Make = Callable[..., TextClassifier]


@pytest.fixture(scope="module")
def make(tiny_folder: Callable[[str], Path]) -> Make:
    def call(**settings: Any) -> TextClassifier:
        return TextClassifier(
            model=str(tiny_folder("bert")), **{"epochs": 1, "lr": 3e-3, "threads": 1} | settings
        )

    return call


@pytest.fixture(scope="module")
def fitted(make: Make) -> TextClassifier:
    return make(epochs=8, batch_size=8, lr=1e-2, seed=1).fit(TEXTS, TARGETS)


@pytest.mark.filterwarnings("ignore")  # those are scikit-learn's own
@pytest.mark.parametrize("check", CHECKS)
def test_it_passes_the_checks_of_estimators(check: str, make: Make) -> None:
    getattr(estimator_checks, check)("TextClassifier", make())


def test_it_learns_and_orders_its_classes(fitted: TextClassifier) -> None:
    assert fitted.classes_.tolist() == [9, 10]
    assert fitted.score(TEXTS, TARGETS) > 0.9
    probabilities = fitted.predict_proba(TEXTS)
    assert probabilities.shape == (240, 2)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(240))
    assert fitted.predict(TEXTS).tolist() == fitted.classes_[probabilities.argmax(axis=1)].tolist()
    assert fitted.predict_proba([]).shape == (0, 2)


def test_lists_and_arrays_of_texts_are_the_same(fitted: TextClassifier) -> None:
    few = TEXTS[:5]
    expected = fitted.predict_proba(few)
    for given in (np.asarray(few), np.asarray(few, dtype=object), tuple(few)):
        assert fitted.predict_proba(given).tolist() == expected.tolist()


class Modules(pickle.Unpickler):
    """Notes whose code a pickle asks for."""

    found: set[str]

    def find_class(self, module: str, name: str) -> Any:
        self.found.add(module.partition(".")[0])
        return super().find_class(module, name)


def test_a_pickle_gives_the_same_numbers_and_holds_no_network(fitted: TextClassifier) -> None:
    reader = Modules(io.BytesIO(pickle.dumps(fitted)))
    reader.found = set()
    assert reader.load().predict_proba(TEXTS[:9]).tolist() == fitted.predict_proba(TEXTS[:9]).tolist()
    assert not reader.found & {"torch", "transformers", "tokenizers"}


def test_the_temporary_folder_goes_with_the_estimator(make: Make) -> None:
    model = make().fit(TEXTS[:40], TARGETS[:40])
    path = model._folder.path
    assert (path / "model" / "bertolt.json").is_file()
    del model
    gc.collect()
    assert not path.exists()


def test_equal_seeds_give_equal_numbers(make: Make) -> None:
    one, two = (make(seed=3).fit(TEXTS, TARGETS).predict_proba(TEXTS[:5]) for _ in range(2))
    assert one.tolist() == two.tolist()


def test_it_is_cross_validated(make: Make) -> None:
    assert cross_val_score(make(), TEXTS, TARGETS, cv=2).shape == (2,)


def test_it_is_searched_in_two_processes(make: Make) -> None:
    search = GridSearchCV(make(), {"epochs": [1, 2], "long": ["head", "tail"]}, cv=2, n_jobs=2)
    search.fit(TEXTS[:80], TARGETS[:80])
    assert set(search.best_params_) == {"epochs", "long"}
    assert search.predict(TEXTS[:3]).shape == (3,)


def _lower(texts: list[str]) -> list[str]:
    return [text.lower() for text in texts]


def test_it_stands_in_a_pipeline(make: Make) -> None:
    pipeline = Pipeline([("lower", FunctionTransformer(_lower)), ("classify", make())])
    assert pipeline.set_params(classify__epochs=2).fit(TEXTS, TARGETS).predict(["a superb film"]).shape == (
        1,
    )


def test_classes_may_be_strings_and_weighted(make: Make) -> None:
    targets = np.where(TARGETS == 9, "good", "bad")
    model = make(class_weight={"good": 3.0, "bad": 1}, validation_fraction=0).fit(TEXTS, targets)
    assert model.classes_.tolist() == ["bad", "good"]
    assert (
        make(class_weight="balanced").fit(TEXTS, targets).pipeline_.record.training["class_weight"]
        == "balanced"
    )


def test_validation_texts_are_not_learnt(make: Make) -> None:
    examples = make(validation_fraction=0.25).fit(TEXTS, TARGETS).pipeline_.record.examples
    assert examples == {"train": 180, "validation": 60, "test": 0}


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (pd.DataFrame({"text": TEXTS[:2]}), "DataFrame of shape"),
        (pa.table({"text": TEXTS[:2]}), "Table of shape"),
        ({"text": TEXTS[:2]}, "dict"),
        (set(TEXTS[:2]), "set"),
        (pd.Series(["a", None], dtype=object), "NoneType"),
    ],
)
def test_what_is_no_sequence_of_texts_is_refused_with_its_type(
    fitted: TextClassifier, texts: Any, found: str
) -> None:
    with pytest.raises(ValueError, match=found):
        fitted.predict(texts)


def test_series_and_arrow_arrays_of_texts(fitted: TextClassifier) -> None:
    expected = fitted.predict(TEXTS[:4])
    for texts in (pd.Series(TEXTS[:4], index=[3, 1, 2, 0]), pa.array(TEXTS[:4]), iter(TEXTS[:4])):
        np.testing.assert_array_equal(fitted.predict(texts), expected)


def test_empty_texts_are_left_out_with_a_warning(make: Make) -> None:
    with pytest.warns(UserWarning, match="2 empty texts"):
        model = make().fit([*TEXTS, "", "  "], [*TARGETS, 9, 10])
    assert sum(model.pipeline_.record.examples.values()) == 240


def test_it_is_no_model_before_it_is_fitted(make: Make) -> None:
    with pytest.raises(NotFittedError):
        make().predict(TEXTS)
    with pytest.raises(NotFittedError):
        clone(make().fit(TEXTS[:40], TARGETS[:40])).predict(TEXTS)


@pytest.mark.parametrize(
    ("texts", "targets", "settings", "message"),
    [
        ("one string", [1], {}, "one string"),
        ([["a"], ["b"]], [1, 2], {}, "list"),
        (np.zeros((2, 3)), [1, 2], {}, "shape"),
        (["a", None], [1, 2], {}, "NoneType"),
        (["a", "b"], [1], {}, r"shape \(2,\)"),
        (["a", "b"], [1, 1], {}, "two classes"),
        (["a", "b"], [0.5, 1.5], {}, "continuous"),
        (TEXTS, TARGETS, {"class_weight": {7: 1.0}}, "7"),
        (TEXTS, TARGETS, {"validation_fraction": 1.0}, "validation_fraction"),
        (TEXTS, TARGETS, {"epochs": 0}, "epochs"),
        (["a", "b", "c"], ["x", "x ", "y"], {}, "differ"),
    ],
)
def test_bad_input_is_a_value_error(
    make: Make, texts: Any, targets: Any, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make(**settings).fit(texts, targets)


def test_its_errors_have_three_parts(make: Make) -> None:
    with pytest.raises(InputError) as caught:
        make().fit(["a", "b"], [1, 1])
    assert caught.value.to_dict().keys() == {"expected", "found", "do"}
