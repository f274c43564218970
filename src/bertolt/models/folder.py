"""The model folder: a valid Hugging Face folder with ``bertolt.json``, examples and a card beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from torch import nn

from bertolt.errors import FolderError
from bertolt.models.card import model_card
from bertolt.models.config import check_values, first_line, label_names, read_json
from bertolt.models.heads import quiet_transformers
from bertolt.models.span_head import OUTPUTS as SPAN_OUTPUTS
from bertolt.models.spec import FolderRecord
from bertolt.models.swap import finish_swap, write_folder
from bertolt.models.weights import check_safetensors

RECORD = "bertolt.json"
EXAMPLES = "examples.parquet"
CARD = "README.md"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a model folder is written from.

    Args:
        network: a transformers model.
        save_tokenizer: writes the tokenizer's files into a folder.
        record: the text of ``bertolt.json``.
        examples: validation rows, as columns of the task; may be empty.
    """

    network: nn.Module
    save_tokenizer: Callable[[Path], None]
    record: FolderRecord
    examples: Sequence[Mapping[str, Any]] = ()


def save_model(
    target: Path, contents: Contents, extend: Callable[[Path], FolderRecord] | None = None
) -> bool:
    """Writes a model folder whole, or not at all.

    Args:
        target: the folder.
        contents: of it.
        extend: told the folder with the files, adds its own and gives the record; None: the contents'.

    Returns:
        Whether an older folder of ours was replaced.

    Raises:
        FolderError: something that is not ours stands there.
        DiskError: it could not be written; what stood there before still stands.
    """

    def write(folder: Path) -> None:
        import pyarrow as pa  # takes a third of a second, which a prediction need not wait
        import pyarrow.parquet as pq

        with quiet_transformers():
            contents.network.save_pretrained(folder, safe_serialization=True)  # type: ignore[operator]
        contents.save_tokenizer(folder)
        if contents.examples:
            pq.write_table(pa.Table.from_pylist([dict(row) for row in contents.examples]), folder / EXAMPLES)
        record = contents.record if extend is None else extend(folder)
        _write_record(folder, target.name, record)

    return write_folder(target, write, ours=is_ours)


def adopt_model(target: Path, source: Path, record: FolderRecord) -> bool:
    """Writes the model of another folder of ours under a record of its own, whole or not at all.

    Returns:
        Whether an older folder of ours was replaced.

    Raises:
        FolderError, DiskError: see ``save_model``.
    """
    return extend_model(target, source, lambda folder: record)


def extend_model(target: Path, source: Path, extend: Callable[[Path], FolderRecord]) -> bool:
    """Writes the model of another folder of ours, and what is added to it, whole or not at all.

    Args:
        target: the new folder.
        source: the other one.
        extend: told the folder with the copied files, adds its own and gives the record. Nothing is written
            where it raises.

    Returns:
        Whether an older folder of ours was replaced.

    Raises:
        FolderError, DiskError: see ``save_model``.
    """

    def write(folder: Path) -> None:
        for file in source.iterdir():
            if file.is_file():
                shutil.copyfile(file, folder / file.name)
        _write_record(folder, target.name, extend(folder))

    return write_folder(target, write, ours=is_ours)


def _write_record(folder: Path, name: str, record: FolderRecord) -> None:
    (folder / CARD).write_text(model_card(name, record), encoding="utf-8")
    (folder / RECORD).write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")


def is_ours(folder: Path) -> bool:
    """Whether Bertolt wrote a folder."""
    return (folder / RECORD).is_file()


def load_record(folder: Path) -> FolderRecord:
    """Reads and checks ``bertolt.json``, and that the folder's other files are there and whole.

    Raises:
        FolderError: not a model folder of ours, or one with a missing or damaged file.
    """
    finish_swap(folder)
    if not folder.is_dir():
        raise FolderError(
            "a model folder", f"no folder {str(folder)!r}", "train one: bertolt train reviews.csv --out DIR"
        )
    file = folder / RECORD
    if not file.is_file():
        raise FolderError(
            f"a model folder with {RECORD}",
            f"none in {str(folder)!r}",
            "name a folder that `bertolt train` wrote",
        )
    found = read_json(file)
    if found.get("kind") == "probe":
        raise FolderError(
            "a model folder",
            f"a probe folder in {str(folder)!r}",
            "name the model that was probed; probes are for `bertolt compare`",
        )
    try:
        record = FolderRecord.model_validate(found)
    except ValidationError as error:
        raise FolderError(
            f"a {RECORD} that this version can read",
            f"{first_line(error)} in {str(file)!r}",
            "copy the whole model folder again, or update bertolt",
        ) from error
    config, *_ = [
        read_json(folder / name) for name in ("config.json", "tokenizer.json", "tokenizer_config.json")
    ]
    check_values(config, folder)
    _check_agreement(folder, record, config)
    check_safetensors(folder / "model.safetensors")
    return record


def load_examples(folder: Path) -> list[dict[str, Any]]:
    """The validation rows in a folder; empty where it keeps none.

    Raises:
        FolderError: the file is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = folder / EXAMPLES
    if not file.is_file():
        return []
    try:
        rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FolderError(
            "a whole parquet file", f"{first_line(error)} in {str(file)!r}", "copy the model folder again"
        ) from error
    return rows


def _check_agreement(folder: Path, record: FolderRecord, config: dict[str, Any]) -> None:
    """Compares what both files say: the names of labels, and the tokens of a row."""
    # Other heads have no names in the record; a configuration then has numbered ones, or those of answers.
    found = label_names(config, folder)
    numbered = all(name == f"LABEL_{number}" for number, name in enumerate(found))
    in_record = [spec.labels for spec in (record.spec, *record.others)]
    named = record.spec.labels or not (numbered or found == SPAN_OUTPUTS)
    if named and found and found not in in_record:
        raise FolderError(
            f"the same labels in {RECORD} and config.json",
            f"{', '.join(record.spec.labels) or 'none'} and {', '.join(found)} in {str(folder)!r}",
            "copy the whole model folder again",
        )
    positions = config.get("max_position_embeddings")
    longest = max(spec.max_length for spec in (record.spec, *record.others))
    if isinstance(positions, int) and longest > positions:
        raise FolderError(
            f"a max_length in {RECORD} of at most {positions:,}, the max_position_embeddings in config.json",
            f"{longest:,} in {str(folder)!r}",
            "copy the whole model folder again",
        )
