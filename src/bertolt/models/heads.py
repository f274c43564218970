"""What stands on the encoder: the network of a task, how it is run, and how its temperature is folded in.

Axes: B rows of a batch, T tokens of its longest row, K labels, M selected positions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bertolt.errors import FolderError
from bertolt.models.backbone import Backbone
from bertolt.models.config import UNUSABLE, check_finite, check_size, first_line, read_config
from bertolt.models.families import check_family, encoder_name, encoder_of, family_of, last_linear_name
from bertolt.models.first_token import first_states, reads_first
from bertolt.models.head_rows import keep_rows_by_name
from bertolt.models.packed import PackedEncoder, Rows
from bertolt.models.weights import Weights, listed, open_weights

Inputs = dict[str, Tensor]

#: The names under which families keep the rate of attention dropout.
ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")


class Row(Protocol):
    """What a head must know of a row to find its logits in the batch's.

    Args:
        select: the positions at which outputs were asked for, or None.
        target: what is to be learnt, or None when predicting.
    """

    @property
    def select(self) -> NDArray[np.int32] | None: ...

    @property
    def target(self) -> Any: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a new network is to be.

    Args:
        labels: names of the outputs, in their order; empty where the head has none.
        attention_dropout: whether attention weights are dropped out in training. On a CPU that sends
            attention to its slow path, and costs more than it gives.
        prior: the log-odds with which each of a new head's outputs begins; empty: 0. Where labels are rare,
            the first steps would else be spent on saying so, with gradients so large that Adam, which
            remembers their squares over a thousand steps, hardly moves for an epoch (Lin et al. 2017, §3.3).
    """

    labels: tuple[str, ...]
    attention_dropout: bool
    prior: tuple[float, ...] = ()


class Head(Protocol):
    """A kind of output, with the transformers class that has it.

    Args:
        auto_class: transformers' Auto class that loads the folder with the same logits, or None.
    """

    @property
    def auto_class(self) -> str | None: ...

    def build(self, backbone: Backbone, blueprint: Blueprint) -> nn.Module:
        """The network, its encoder loaded and its head new. Seed torch first."""

    def load(self, folder: Path) -> nn.Module:
        """The network of a model folder."""

    def forward(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Logits of a batch."""

    def split(self, logits: NDArray[np.float32], rows: Sequence[Row]) -> list[NDArray[np.float32]]:
        """Logits of a batch as an array for each of its rows."""

    def fold_temperature(self, network: nn.Module, temperature: float) -> None:
        """Divides the logits by ``temperature`` from now on, by dividing the last layer's weights."""


@runtime_checkable
class PackedHead(Protocol):
    """A head that can also read rows that stand end to end."""

    def forward_packed(self, network: nn.Module, encoder: PackedEncoder, rows: Rows) -> Tensor:
        """Logits of a batch, equal to those of ``Head.forward`` but for rounding."""


class SequenceHead:
    """One vector of logits a row: (B, K).

    Args:
        problem_type: transformers' word for what the logits mean: ``single_label_classification`` or
            ``multi_label_classification``.
    """

    auto_class = "AutoModelForSequenceClassification"

    def __init__(self, problem_type: str = "single_label_classification") -> None:
        self._problem_type = problem_type

    def build(self, backbone: Backbone, blueprint: Blueprint) -> nn.Module:
        """See ``Head.build``."""
        return build_auto(self.auto_class, backbone, blueprint, problem_type=self._problem_type)

    def load(self, folder: Path) -> nn.Module:
        """See ``Head.load``."""
        return load_network(self.auto_class, folder, read_config(folder))

    def forward(self, network: nn.Module, inputs: Inputs) -> Tensor:
        """Logits of shape (B, K)."""
        if reads_first(network):
            return _read_first(network, first_states(network, inputs))
        if family_of(network.config).reads_end:
            return _grouped_by_ends(network, inputs)
        logits: Tensor = network(**inputs).logits
        return logits

    def forward_packed(self, network: Any, encoder: PackedEncoder, rows: Rows) -> Tensor:
        """See ``PackedHead``."""
        return _read_first(network, encoder.states(rows, first_only=True).unsqueeze(1))

    def split(self, logits: NDArray[np.float32], rows: Sequence[Row]) -> list[NDArray[np.float32]]:
        """Arrays of shape (K,)."""
        return list(logits)

    def fold_temperature(self, network: nn.Module, temperature: float) -> None:
        """See ``Head.fold_temperature``."""
        fold_last_linear(network, temperature)


def _grouped_by_ends(network: nn.Module, inputs: Inputs) -> Tensor:
    """Logits, (B, K), of a family that wants as many end tokens in each row: one pass for each number.

    Pairs have more of them than single texts, and so has a text in which the end token is written out.
    """
    ends = (inputs["input_ids"] == network.config.eos_token_id).sum(1)  # type: ignore[union-attr]
    groups = [(ends == count).nonzero()[:, 0] for count in ends.unique()]
    logits = [network(**{name: rows[group] for name, rows in inputs.items()}).logits for group in groups]
    return torch.cat(logits)[torch.cat(groups).argsort()]


def _read_first(network: Any, first: Tensor) -> Tensor:
    """First tokens' states, (B, 1, H), to logits, (B, K); these families' heads read no other state."""
    if network.config.model_type == "distilbert":
        first = network.dropout(torch.relu(network.pre_classifier(first[:, 0])))
    pooler = getattr(network.base_model, "pooler", None)
    logits: Tensor = network.classifier(first if pooler is None else network.dropout(pooler(first)))
    return logits


def build_auto(
    auto_class: str, backbone: Backbone, blueprint: Blueprint, *, problem_type: str | None = None
) -> nn.Module:
    """A network of one of transformers' Auto classes, with real label names in its configuration.

    Raises:
        FolderError: the family has no such class.
    """
    config = type(backbone.config).from_dict(backbone.config.to_dict())
    if blueprint.labels:
        config.id2label = dict(enumerate(blueprint.labels))
        config.label2id = {label: index for index, label in enumerate(blueprint.labels)}
    config.problem_type = problem_type
    rates = {name: getattr(config, name) for name in ATTENTION_DROPOUT if hasattr(config, name)}
    if not blueprint.attention_dropout:
        for name in rates:
            setattr(config, name, 0.0)
    network = load_network(auto_class, backbone.folder, config, new_head=True)
    # The rate is the family's own again in what is saved: it was this machine's matter.
    for name, rate in rates.items():
        setattr(network.config, name, rate)
    if blueprint.prior:
        bias = last_linear(network).bias
        if isinstance(bias, Tensor):  # decoders' heads have none
            with torch.no_grad():
                bias.copy_(torch.tensor(blueprint.prior))
    if blueprint.labels:
        _check_outputs(network, len(blueprint.labels))
        keep_rows_by_name(network, last_linear_name(network), backbone, blueprint.labels)
    return network


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silences transformers' bars and its report of new weights: those of a head are no news."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def load_network(auto_class: str, folder: Path, config: Any, *, new_head: bool = False) -> nn.Module:
    """The network of a folder in float32, without running code of the folder.

    What a user must know of its weights is kept in the network: see ``loading_notes``.

    Args:
        auto_class: the transformers class.
        folder: a Hugging Face folder.
        config: of the network.
        new_head: a head, and a pooler, that the folder lacks are drawn at random; else they are an error.

    Raises:
        FolderError: the family has no such class, or weights are missing or of another shape.
    """
    import transformers

    check_family(config)
    if getattr(config, "attention_type", None) == "block_sparse":
        # BigBird changes over to full attention, for good, when it first meets a short row.
        config.attention_type = "original_full"
    mapping = getattr(transformers, auto_class)._model_mapping
    if type(config) not in mapping:
        raise FolderError(
            f"a family that transformers' {auto_class} knows",
            f"model type {config.model_type!r}",
            "choose another backbone; `bertolt models` lists some",
        )
    found = mapping[type(config)]
    kind = found[0] if isinstance(found, tuple) else found
    check_size(lambda: kind._from_config(deepcopy(config)), folder)
    weights = open_weights(folder)
    notes = weights.notes()
    before = torch.get_rng_state()
    network, lost = _read(kind, weights, config)
    if _needed(network, lost, new_head):
        stripped, prefix = weights.without_prefix()
        if prefix:
            torch.set_rng_state(before)  # a new head is the same as without the prefix
            network, lost = _read(kind, stripped, config, by_name=True)
            notes.append(f"weights: the prefix {prefix!r} was taken off their names")
    needed = _needed(network, lost, new_head)
    if needed and new_head and auto_class != "AutoModel" and encoder_of(network) is network:
        raise FolderError(
            f"a family whose {auto_class} can begin with a new head",
            f"model type {config.model_type!r}, which has no encoder apart from the head",
            "choose a model of another family; docs/models.md lists them",
        )
    if needed:
        raise FolderError(
            f"weights that fit config.json (model type {config.model_type!r})",
            f"none, or of another shape, for {listed(needed)} in {str(folder)!r}",
            "copy the whole model folder again, or name the model that the weights belong to",
        )
    new = sorted(name for name in lost if _in_encoder(network, name))
    if new:
        notes.append(f"weights: {listed(new)} are not in the folder and begin at random")
    own_storage(network)
    _zero_new_biases(network, lost)
    check_finite(network, folder)
    network.loading_notes = tuple(notes)  # type: ignore[assignment]
    return network


def _zero_new_biases(network: nn.Module, lost: Iterable[str]) -> None:
    """Sets new biases to 0, as families begin: some classes leave them as the memory was (FNet decoder)."""
    parameters = dict(network.named_parameters())
    with torch.no_grad():
        for name in lost:
            if name.endswith("bias") and name in parameters:
                parameters[name].zero_()


def _read(
    kind: Any, weights: Weights, config: Any, *, by_name: bool = False
) -> tuple[nn.Module, dict[str, str]]:
    """The network, and the names of its weights that are missing or of another shape."""
    # Of several files transformers wants an index with more than names in it.
    by_name = by_name or bool(weights.pickled) or len(weights.files) > 1
    options: dict[str, Any] = {"state_dict": weights.all_tensors()} if by_name else {"use_safetensors": True}
    try:
        with quiet_transformers():
            network, report = kind.from_pretrained(
                None if by_name else weights.folder,
                config=config,
                dtype=torch.float32,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
                local_files_only=True,
                trust_remote_code=False,
                **options,
            )
    except UNUSABLE as error:
        raise FolderError(
            f"a config.json of model type {config.model_type!r} that {kind.__name__} can be built from",
            f"{first_line(error)} for {str(weights.folder)!r}",
            "copy the whole model folder again, or choose another model",
        ) from error
    # Mismatched keys come with both shapes.
    missing = dict.fromkeys(report["missing_keys"], "missing")
    return network, missing | {key[0]: "of another shape" for key in report["mismatched_keys"]}


def _needed(network: nn.Module, lost: Iterable[str], new_head: bool) -> list[str]:
    """Of the weights that a folder lacks, those that may not be drawn at random."""
    if not new_head:
        return sorted(lost)
    name = encoder_name(network)
    return sorted(
        each
        for each in lost
        if _in_encoder(network, each) and not each.removeprefix(f"{name}.").startswith("pooler.")
    )


def _in_encoder(network: nn.Module, name: str) -> bool:
    return encoder_of(network) is network or name.startswith(f"{encoder_name(network)}.")


def own_storage(network: nn.Module) -> None:
    """Gives each parameter that is a view of a larger tensor a copy of its own; in place.

    transformers cuts the joint query, key and value weights of some families in three; safetensors refuses
    to save such views.
    """
    for parameter in network.parameters():
        if parameter.untyped_storage().nbytes() > parameter.nbytes:
            parameter.data = parameter.data.clone(memory_format=torch.contiguous_format)


def loading_notes(network: nn.Module) -> tuple[str, ...]:
    """What a user must know of the weights that a network was loaded from, in sentences; usually nothing."""
    own: tuple[str, ...] = getattr(network, "loading_notes", ())
    inner: tuple[str, ...] = getattr(encoder_of(network), "loading_notes", ())
    return tuple(dict.fromkeys([*own, *inner]))


def _check_outputs(network: nn.Module, count: int) -> None:
    layer = last_linear(network)
    if layer.out_features != count:
        raise FolderError(
            f"a head with {count} outputs, one for each label",
            f"{layer.out_features} outputs of {last_linear_name(network)} in {type(network).__name__}",
            "choose a model of another family; docs/models.md lists them",
        )


def last_linear(network: nn.Module) -> nn.Linear:
    """The layer that makes the logits."""
    return cast(nn.Linear, network.get_submodule(last_linear_name(network)))


def fold_last_linear(network: nn.Module, temperature: float) -> None:
    """Divides weight and bias of the last linear layer by ``temperature`` (Guo et al. 2017, §4.2)."""
    layer = last_linear(network)
    with torch.no_grad():
        layer.weight.div_(temperature)
        if layer.bias is not None:
            layer.bias.div_(temperature)
