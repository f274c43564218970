"""Edge data that tiny networks can read, made of words that are tokens of their vocabularies."""

from __future__ import annotations

import json
import random
from pathlib import Path

from tiny import words

KINDS = ("fish", "flesh", "fowl")


def random_labels(folder: Path, *, texts: int = 90, pairs: bool = False, name: str = "edges.jsonl") -> Path:
    """Texts of six words in jiant's format; each word type has a label drawn at random, for good."""
    draw = random.Random(0)
    known = [word for word in words() if len(word) > 3]
    label = {word: draw.choice(KINDS) for word in known}
    lines = []
    for _ in range(texts):
        chosen = [draw.choice(known) for _ in range(6)]
        targets = [{"span1": [place, place + 1], "label": label[word]} for place, word in enumerate(chosen)]
        if pairs:
            targets = [
                {**target, "span2": [(place + 1) % 6, (place + 1) % 6 + 1]}
                for place, target in enumerate(targets)
            ]
        lines.append(json.dumps({"text": " ".join(chosen), "targets": targets}))
    file = folder / name
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file
