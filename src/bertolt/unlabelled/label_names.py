"""What the names of the labels mean: a label's name in a few plain sentences, as vectors.

Zero-shot classification by templates (Yin et al. 2019, "Benchmarking Zero-shot Text Classification", §5):
"This text is positive." lies nearer to positive texts than to others. Names that are no words, such as 0 and
1, point nowhere in particular, and the regression that reads them gives them little weight.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bertolt.data.examples import TextExample
from bertolt.training.trainable import TrainableModel
from bertolt.unlabelled.embeddings import Vectors, head_embeddings

TEMPLATES = ("This sentence is {}.", "This text is {}.", "This is {}.", "It is {}.", "{}")


def name_directions(model: TrainableModel, labels: Sequence[str]) -> Vectors:
    """The direction in which each label's name lies from the middle of all of them.

    Args:
        model: of a task that reads one text.
        labels: K names.

    Returns:
        Shape (K, H), each row of length 1, or 0 where all names mean the same.
    """
    words = [label.replace("_", " ").replace("-", " ") for label in labels]
    texts = [TextExample(text=template.format(word)) for word in words for template in TEMPLATES]
    vectors = head_embeddings(model, model.encode(texts))
    means = vectors.reshape(len(labels), len(TEMPLATES), -1).mean(1)
    directions = means - means.mean(0)
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    unit: Vectors = np.divide(directions, lengths, out=np.zeros_like(directions), where=lengths > 1e-9)
    return unit
