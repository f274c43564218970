"""The official macro-F1 of SemEval-2010 task 8, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bertolt.errors import InputError
from bertolt.metrics.relations import directed_macro_f1


def test_a_wrong_direction_is_wrong_but_counts_for_its_relation() -> None:
    gold = ["A(e1,e2)", "A(e2,e1)", "B(e1,e2)", "Other"]
    predicted = ["A(e1,e2)", "A(e1,e2)", "Other", "B(e1,e2)"]
    # A: 1 right of 2 predicted and 2 gold: 1/2. B: 0 right. Other is left out.
    assert directed_macro_f1(gold, predicted)(np.ones((1, 4)))[0] == pytest.approx(0.25)
    assert directed_macro_f1(gold, gold)(np.ones((1, 4)))[0] == pytest.approx(1)


def test_weights_and_refusals() -> None:
    gold, predicted = ["A(e1,e2)", "A(e2,e1)"], ["A(e1,e2)", "Other"]
    statistic = directed_macro_f1(gold, predicted)
    assert list(statistic(np.asarray([[1.0, 0], [0, 1], [2, 1]]))) == pytest.approx([1, 0, 4 / 5])
    with pytest.raises(InputError, match="at least one relation"):
        directed_macro_f1(["Other"], ["Other"])
    with pytest.raises(InputError, match="as many"):
        directed_macro_f1(gold, predicted[:1])
