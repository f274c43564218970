"""A second opinion on the pool, from words alone.

Two classifiers that read a text in different ways make different mistakes; where they agree, they are right
more often than either (Blum & Mitchell 1998). The words are those of the whole text, cut or not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bertolt.unlabelled.pseudo_labels import Floats, PseudoLabels

#: In a pool of so many texts, words of fewer than three of them are left out.
_LARGE_POOL = 1000


class WordView:
    """TF-IDF of words and pairs of words, and a logistic regression on them.

    Args:
        labelled: labelled texts.
        classes: the class of each.
        pool: texts without labels.
        count: of classes.
    """

    def __init__(
        self, labelled: Sequence[str], classes: Sequence[int], pool: Sequence[str], count: int
    ) -> None:
        # Imported here, as it takes a second that trainings without a pool need not wait.
        from sklearn.feature_extraction.text import TfidfVectorizer

        least = 3 if len(pool) >= _LARGE_POOL else 1
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=least, token_pattern=r"\w+")
        self._pool = words.fit_transform(pool)
        self._labelled = words.transform(labelled)
        self._classes = np.asarray(classes)
        self._count = count

    def probabilities(self, taught: PseudoLabels) -> Floats:
        """Of each text of the pool, learnt from the labels and from a teacher's; shape (n, K)."""
        from scipy.sparse import vstack
        from sklearn.linear_model import LogisticRegression

        inputs = vstack([self._labelled, self._pool[taught.rows]])
        regression = LogisticRegression(max_iter=1000)
        regression.fit(inputs, np.concatenate([self._classes, taught.classes]))
        found = np.zeros((self._pool.shape[0], self._count))
        found[:, regression.classes_] = regression.predict_proba(self._pool)
        return found


def agreed(one: Floats, other: Floats) -> Floats:
    """The geometric mean of two opinions, normalised: sure only where both are; shape (n, K)."""
    log = (np.log(np.clip(one, 1e-12, None)) + np.log(np.clip(other, 1e-12, None))) / 2
    weights = np.exp(log - log.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
