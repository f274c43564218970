"""Damaged model folders, drawn by hypothesis: bytes flipped, files cut off, keys dropped, values swapped."""

from __future__ import annotations

import json
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from bertolt.data.tokenizer import Tokenizer
from bertolt.errors import FolderError
from bertolt.inference.pipeline import Pipeline
from bertolt.models.backbone import load_backbone
from bertolt.models.folder import load_examples
from bertolt.models.heads import Blueprint, SequenceHead

JSON_FILES = ("config.json", "bertolt.json", "tokenizer.json", "tokenizer_config.json")
STRANGE: tuple[Any, ...] = (
    -1, 0, 1, 2, 3, 7, True, None, "text", "", 0.5, -0.5, float("nan"), float("inf"), 1e308, 10**7, 10**9,
    10**30, [], {}, [1, 2], {"a": 1}, ["a"], {"0": "a"}, {"x": "y"}, "../../etc/passwd", "\ud800",
    "flash_attention_2", "owner/kernels",
)  # fmt: skip


def _paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The keys that lead to every value of a document; of long lists and objects, to the first few."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items)[:60]:
        yield (*at, key)
        yield from _paths(inner, (*at, key))


def damage_json(draw: Any, file: Path) -> str:
    """Drops or swaps one value of a JSON file."""
    document = json.loads(file.read_text(encoding="utf-8"))
    path = draw(st.sampled_from(list(_paths(document))))
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    action = draw(st.sampled_from(("drop", "swap", "swap", "swap", "deep", "copy")))
    if action == "drop":
        del holder[path[-1]]
    elif action == "copy":
        other = draw(st.sampled_from(list(_paths(document))))
        value = document
        for key in other:
            value = value[key]
        holder[path[-1]] = json.loads(json.dumps(value))
    else:
        holder[path[-1]] = "DEEP" if action == "deep" else draw(st.sampled_from(STRANGE))
    text = json.dumps(document).replace('"DEEP"', "[" * 100_000 + "]" * 100_000)
    file.write_text(text, encoding="utf-8")
    now = holder.get(path[-1]) if isinstance(holder, dict) else "in a list"
    return f"{file.name}: {action} {'/'.join(map(str, path))}, now {now!r:.60}"


def damage_bytes(draw: Any, file: Path) -> str:
    """Flips bytes of a file, mostly in its first part, or cuts it off."""
    content = bytearray(file.read_bytes())
    action = draw(st.sampled_from(("flip", "flip", "flip", "cut", "empty", "grow", "nan")))
    if action == "cut":
        content = content[: draw(st.integers(0, len(content)))]
    elif action == "empty":
        content = bytearray()
    elif action == "grow":
        content += b"\0" * draw(st.integers(1, 100))
    elif action == "nan":
        content[-400:] = b"\xff" * 400
    else:
        most = draw(st.sampled_from((9, min(3000, len(content)), len(content))))
        for _ in range(draw(st.integers(1, 8))):
            content[draw(st.integers(0, most - 1))] = draw(st.integers(0, 255))
    file.write_bytes(bytes(content))
    return f"{file.name}: {action}"


@st.composite
def damages(draw: Any, source: Path, target: Path) -> str:
    """Copies a folder to ``target`` and damages the copy; what was done, in words."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    names = sorted(path.name for path in target.iterdir() if path.name != "README.md")
    done = []
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3)))):
        name = draw(st.sampled_from([*names, *(each for each in JSON_FILES if each in names), "config.json"]))
        file = target / name
        try:
            as_json = name in JSON_FILES and draw(st.integers(0, 3)) > 0
            done.append((damage_json if as_json else damage_bytes)(draw, file))
        except (ValueError, RecursionError, TypeError, IndexError):  # the file was damaged before
            done.append(damage_bytes(draw, file) if file.stat().st_size else "")
    return "; ".join(done)


def use_model(folder: Path) -> None:
    """Loads a folder of ours and predicts with it."""
    result: Any = Pipeline.from_folder(folder)("A fine film.")
    assert 0 <= result.score <= 1
    load_examples(folder)


def use_backbone(folder: Path) -> None:
    """Begins from a folder, as training does."""
    backbone = load_backbone(str(folder))
    Tokenizer.from_folder(backbone.folder, embeddings=backbone.embeddings)
    assert backbone.positions > 0
    network = SequenceHead().build(backbone, Blueprint(("a", "b"), attention_dropout=False)).eval()
    with torch.inference_mode():
        assert network(input_ids=torch.tensor([[1, 2, 3]])).logits.shape == (1, 2)


def check_drawn(use: Callable[[Path], None], model: Path, home: Path, count: int) -> None:
    """Damages a folder ``count`` times: 5 seconds and 500 MB at most each time."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    @seed(1)
    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        done = data.draw(damages(model, home / "damaged"))
        start = time.process_time()
        try:
            use(home / "damaged")
        except FolderError as error:
            assert len(str(error)) < 2000, done
        assert time.process_time() - start < 5, done
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000, done  # KB

    check()
