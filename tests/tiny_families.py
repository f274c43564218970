"""A tiny network with random weights for each encoder family of transformers, made in milliseconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel, PreTrainedTokenizerBase
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from tiny import INITIALIZER_RANGE

#: Sizes under all the names that families give them.
SIZES: dict[str, Any] = {
    **dict.fromkeys(("hidden_size", "d_model", "n_embd", "dim", "emb_dim", "embedding_size"), 16),
    **dict.fromkeys(("intermediate_size", "hidden_dim", "d_ff", "encoder_ffn_dim", "decoder_ffn_dim",
                     "ffn_dim", "d_inner", "dff", "n_inner"), 32),
    **dict.fromkeys(("num_hidden_layers", "n_layers", "n_layer", "encoder_layers", "decoder_layers",
                     "num_layers", "num_decoder_layers"), 2),
    **dict.fromkeys(("num_attention_heads", "n_heads", "n_head", "encoder_attention_heads",
                     "decoder_attention_heads", "num_heads", "num_key_value_heads"), 2),
    **dict.fromkeys(("d_kv", "head_dim", "d_head"), 8),
    **dict.fromkeys(("max_position_embeddings", "n_positions"), 130),
    **dict.fromkeys(("initializer_range", "init_std"), INITIALIZER_RANGE),
}  # fmt: skip
#: What one family needs beside.
MORE: dict[str, dict[str, Any]] = {
    "cohere_compass_text": {
        "layer_types": ["full_attention", "sliding_attention"],
        "rope_parameters": {
            kind: {"rope_type": "default", "rope_theta": 10000.0}
            for kind in ("full_attention", "sliding_attention")
        },
    },
    "funnel": {"block_sizes": [1, 1], "d_head": 8},
    "gpt_neo": {"attention_types": [[["global", "local"], 1]]},
    "gptj": {"rotary_dim": 4},
    "layoutlm": {"max_2d_position_embeddings": 16},
    "lilt": {"channel_shrink_ratio": 2, "max_2d_position_embeddings": 16, "hidden_size": 24},
    "longformer": {"attention_window": [8, 8]},
    "luke": {"entity_vocab_size": 4, "entity_emb_size": 16},
    "mobilebert": {"true_hidden_size": 16, "intra_bottleneck_size": 16, "num_feedforward_networks": 1},
    "modernbert": {"layer_types": ["full_attention", "sliding_attention"], "local_attention": 8},
    "mt5": {"decoder_start_token_id": 0},
    "reformer": {
        "axial_pos_embds_dim": [8, 8],
        "axial_pos_shape": [16, 16],
        "attn_layers": ["local", "local"],
        "attention_head_size": 8,
        "feed_forward_size": 32,
        "is_decoder": False,
    },
    "roc_bert": {"pronunciation_vocab_size": 4, "shape_vocab_size": 4},
    "t5": {"decoder_start_token_id": 0},
    "umt5": {"decoder_start_token_id": 0},
    "xmod": {"languages": ["en_XX"], "default_language": "en_XX"},
}  # fmt: skip


def family_config(kind: str, tokenizer: PreTrainedTokenizerBase | None = None) -> Any:
    """A configuration of a few thousand parameters.

    Args:
        kind: the model type.
        tokenizer: gives the size of the vocabulary and the special tokens; None: 100 and small ids.
    """
    cls = CONFIG_MAPPING[kind]
    known = cls().to_dict()
    values = {name: value for name, value in SIZES.items() if name in known} | MORE.get(kind, {})
    names = [name for name in known if name.endswith("_token_id") and isinstance(known[name], int)]
    values |= dict.fromkeys(names, 1)
    values["pad_token_id"] = 0
    values["vocab_size"] = 100
    if tokenizer is not None:
        values["vocab_size"] = len(tokenizer)
        values["pad_token_id"] = tokenizer.pad_token_id
        for name in names:
            found = getattr(tokenizer, name, None)
            values[name] = values[name] if found is None else found
    return cls(**values)


def write_family(folder: Path, kind: str, tokenizer: PreTrainedTokenizerBase) -> None:
    """Writes a folder as the Hub lays it out: config, weights without a head, tokenizer."""
    config = family_config(kind, tokenizer)
    if kind == "funnel":  # transformers has two base models for it
        config.architectures = ["FunnelModel"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModel.from_config(config)  # type: ignore[no-untyped-call]
    model.save_pretrained(folder, state_dict={k: v.contiguous() for k, v in model.state_dict().items()})
    tokenizer.save_pretrained(folder)
