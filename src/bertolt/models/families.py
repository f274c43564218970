"""What differs between families of transformers, one row for each, and where the parts of a network are.

The rows are of the families that have a sequence-classification class in transformers 5.24. docs/models.md
shows them; tests build a tiny network of each and check what its row says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bertolt.errors import FolderError

if TYPE_CHECKING:  # torch takes a second to load, and the table is read without it
    from torch import nn

#: Tokens of the longest row for families without a limit: their positions are relative, so only memory and
#: time limit them.
UNLIMITED = 4096

Support = Literal["fast", "plain", "refused"]


@dataclass(frozen=True, slots=True)
class Family:
    """One family.

    Args:
        support: ``fast``: supported, with kernels of this package; ``plain``: supported, run by transformers'
            own code; ``refused``: not supported, for the ``reason``.
        reason: why it is refused.
        positions_after_padding: positions are numbered from the padding id on, so that the embedding has
            rows that no token uses.
        equal_lengths: a row's logits depend on the padding beside it, so only rows of one length share a
            batch.
        reads_end: the head reads the state of the row's last end token, and transformers wants as many end
            tokens in every row of a batch.
        decoder: a left-to-right network, whose head reads the last token.
        embeddings_in: gives the same logits for the embeddings of tokens as for the tokens, which
            ``bertolt explain`` needs.
        exports: whether ``bertolt export`` can write it.
        fused_export: whether its attention is one softmax over all tokens, which is one node of ONNX
            Runtime.
        probes: whether it gives the hidden states of every layer for every token, for ``bertolt probe``.
    """

    support: Support = "plain"
    reason: str = ""
    positions_after_padding: bool = False
    equal_lengths: bool = False
    reads_end: bool = False
    decoder: bool = False
    embeddings_in: bool = True
    exports: bool = True
    fused_export: bool = False
    probes: bool = True


_PLAIN = Family()
_BERT = Family("fast", fused_export=True)
_ROBERTA = Family("fast", positions_after_padding=True, fused_export=True)
_AFTER_PADDING = Family(positions_after_padding=True)
_UNEQUAL = Family(equal_lengths=True)
_TWO_SIDES = Family(embeddings_in=False, exports=False, probes=False, reads_end=True)  # encoder and decoder
_DECODER = Family(decoder=True)


def _refused(reason: str) -> Family:
    return Family("refused", reason)


_IMAGES = _refused("it reads pictures or the layout of a page beside the text")
_SLOW = _refused("its tokenizer is written in Python only, and cannot be converted to a fast one")
_NESTED = _refused("its encoder and decoder have configurations of their own, which are never tested")
_EXPERTS = _refused("it is a decoder of billions of parameters with experts or hybrid layers, never tested")

_DECODERS = (
    "arcee", "biogpt", "bloom", "diffllama", "exaone4", "falcon", "gemma", "gemma2",
    "gemma3_text", "glm", "glm4", "gpt-sw3", "gpt2", "gpt_bigcode", "gpt_neo", "gpt_neox", "gptj",
    "helium", "hunyuan_v1_dense", "llama", "ministral", "ministral3", "mistral", "modernbert-decoder",
    "mpt", "nemotron", "olmo", "olmo2", "olmo3", "openai-gpt", "opt", "persimmon", "phi", "phi3",
    "qwen2", "qwen3", "seed_oss", "smollm3", "stablelm", "starcoder2",
)  # fmt: skip
_LARGE_DECODERS = (
    "axk1", "doge", "axk2", "deepseek_v2", "deepseek_v3", "gpt_oss", "hunyuan_v1_moe", "jamba", "jetmoe",
    "minicpm3", "minimax", "mistral4", "mixtral", "phimoe", "qwen2_moe", "qwen3_5", "qwen3_5_text",
    "qwen3_moe", "qwen3_next", "zamba", "zamba2",
)  # fmt: skip

#: By model type.
FAMILIES: dict[str, Family] = {
    "albert": _PLAIN,
    "bart": _TWO_SIDES,
    "bert": _BERT,
    "big_bird": _PLAIN,
    "bigbird_pegasus": _TWO_SIDES,
    "camembert": _ROBERTA,
    "canine": _SLOW,
    "cohere_compass_text": _PLAIN,
    "convbert": _UNEQUAL,
    "ctrl": Family(decoder=True, embeddings_in=False),
    "data2vec-text": _AFTER_PADDING,
    "deberta": _PLAIN,
    "deberta-v2": _PLAIN,
    "distilbert": _BERT,
    "electra": _BERT,
    "ernie": _PLAIN,
    "esm": _SLOW,
    "esmc": Family(embeddings_in=False),
    "eurobert": _PLAIN,
    "flaubert": _PLAIN,
    "fnet": _UNEQUAL,
    "funnel": Family(equal_lengths=True, probes=False),
    "gte": _PLAIN,
    "ibert": Family(positions_after_padding=True, embeddings_in=False),
    "jina_embeddings_v3": _PLAIN,
    "layoutlm": _PLAIN,
    "layoutlmv2": _IMAGES,
    "layoutlmv3": _IMAGES,
    "lilt": _AFTER_PADDING,
    "longformer": Family(positions_after_padding=True, embeddings_in=False, exports=False),
    "luke": _AFTER_PADDING,
    "markuplm": _AFTER_PADDING,
    "mbart": _TWO_SIDES,
    "megatron-bert": _PLAIN,
    "mobilebert": _UNEQUAL,
    "modernbert": _PLAIN,
    "modernvbert": _IMAGES,
    "mpnet": Family("fast", positions_after_padding=True),
    "mra": _refused("its attention needs a CUDA kernel of its own, and is all zeros without it"),
    "mt5": _TWO_SIDES,
    "mvp": _TWO_SIDES,
    "nomic_bert": _PLAIN,
    "nystromformer": _UNEQUAL,
    "perceiver": _SLOW,
    "plbart": _TWO_SIDES,
    "reformer": _refused("it can be trained on rows of one fixed length only"),
    "rembert": _PLAIN,
    "roberta": _ROBERTA,
    "roberta-prelayernorm": _AFTER_PADDING,
    "roc_bert": _PLAIN,
    "roformer": _PLAIN,
    "squeezebert": _PLAIN,
    "t5": _TWO_SIDES,
    "t5gemma": _NESTED,
    "t5gemma2": _IMAGES,
    "tapas": _PLAIN,
    "ultrabert": _PLAIN,
    "ultravbert": _IMAGES,
    "umt5": _TWO_SIDES,
    "xlm": _PLAIN,
    "xlm-roberta": _ROBERTA,
    "xlm-roberta-xl": _AFTER_PADDING,
    "xlnet": _UNEQUAL,
    "xmod": _AFTER_PADDING,
    "yoso": _UNEQUAL,
    **dict.fromkeys(_DECODERS, _DECODER),
    **dict.fromkeys(_LARGE_DECODERS, _EXPERTS),
    "gemma3": _IMAGES,
}


def family_of(config: Any) -> Family:
    """The row of a network's family; a family without one is run by transformers' own code."""
    return FAMILIES.get(getattr(config, "model_type", None) or "", _PLAIN)


def check_family(config: Any) -> None:
    """Refuses a family that cannot be supported, before any work.

    Raises:
        FolderError: with the reason.
    """
    family = family_of(config)
    if family.support == "refused":
        raise FolderError(
            "a model of a supported family",
            f"model type {config.model_type!r}: {family.reason}",
            "choose a model of another family; docs/models.md lists them",
        )


def fit_tokens(network: Any, pad_id: int, largest_id: int) -> None:
    """Makes a network know the token that fills up a row, and refuses tokens that it has no embedding for.

    A decoder's head reads the last token that is no padding, so its configuration must name the padding.

    Args:
        network: of transformers; a padding id that its configuration lacks is set.
        pad_id: of the tokenizer.
        largest_id: that the tokenizer gives.

    Raises:
        FolderError: the tokenizer has more tokens than the embedding has rows.
    """
    if getattr(network.config, "pad_token_id", None) is None:
        network.config.pad_token_id = pad_id
    weight = getattr(encoder_of(network).get_input_embeddings(), "weight", None)  # type: ignore[operator]
    if weight is not None and largest_id >= len(weight):
        raise FolderError(
            "a tokenizer whose tokens all have a row in the network's embedding",
            f"ids up to {largest_id:,} in the tokenizer, and {len(weight):,} rows in the embedding",
            "copy the tokenizer that belongs to the model; where tokens were added on purpose, save the "
            "model with transformers after model.resize_token_embeddings(len(tokenizer))",
        )


def position_limit(config: Any) -> int:
    """The most tokens a row may have, special ones included; ``UNLIMITED`` where the family has no limit.

    RoBERTa and its kin number positions from the padding id on, so 514 position embeddings are 512 tokens.
    """
    count = next(
        (
            int(value)
            for name in ("max_position_embeddings", "n_positions")
            if isinstance(value := getattr(config, name, None), int) and value > 0
        ),
        0,
    )
    if not count or config.model_type in RELATIVE:
        return UNLIMITED
    if family_of(config).positions_after_padding:
        return count - (int(config.pad_token_id) + 1)
    return count


#: Families with relative positions, whose configuration may state a length that is no limit.
RELATIVE = frozenset({"t5", "mt5", "umt5", "funnel", "xlnet"})


def encoder_of(network: nn.Module) -> nn.Module:
    """The network without its head; the network itself where it has none."""
    encoder: nn.Module = getattr(network, encoder_name(network), network)
    return encoder


def encoder_name(network: nn.Module) -> str:
    """The attribute that holds the encoder, as the family names it: ``bert``, ``roberta``, ``model``, ..."""
    name: str = network.base_model_prefix  # type: ignore[assignment]
    return name


def last_linear_name(network: nn.Module) -> str:
    """The name of the layer that makes the logits: the last linear layer outside the encoder.

    Some families construct the head before the encoder (XLM-RoBERTa, CamemBERT), so the order of all
    modules does not tell them apart.

    Raises:
        FolderError: the network has no linear layer outside its encoder.
    """
    from torch import nn

    encoder = encoder_of(network)
    inside = {id(module) for module in encoder.modules()} if encoder is not network else set()
    names: list[str] = [
        name
        for name, module in network.named_modules()
        if isinstance(module, nn.Linear) and id(module) not in inside
    ]
    if encoder is network or not names:
        raise FolderError(
            "a network whose head ends in a linear layer",
            f"{type(network).__name__}, which has none outside its encoder",
            "choose a model of another family; docs/models.md lists them",
        )
    return names[-1]
