"""What must hold for every supported encoder family; the most used are checked with every change."""

from __future__ import annotations

from typing import Any

import torch
import transformers
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES

from bertolt.models.families import encoder_of
from bertolt.models.heads import SequenceHead
from tiny_families import family_config

#: The ten most used, which `make test` checks; tests/slow checks all.
MOST_USED = ("bert", "distilbert", "roberta", "xlm-roberta", "camembert", "deberta-v2", "electra", "albert",
             "modernbert", "mpnet")  # fmt: skip


def check_temperature(kind: str, labels: int = 5) -> None:
    """The temperature divides the logits exactly, and no tensor of the encoder changes."""
    torch.manual_seed(0)
    config: Any = family_config(kind)
    config.num_labels = labels
    network = getattr(transformers, MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES[kind])(config).eval()
    ids = torch.cat([torch.arange(5, 20), torch.ones(1, dtype=torch.long)])[None]  # 1 ends a sequence
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    before = {name: value.clone() for name, value in encoder_of(network).state_dict().items()}
    head = SequenceHead()
    with torch.inference_mode():
        logits = network(**inputs).logits
        head.fold_temperature(network, 2.0)
        halved = network(**inputs).logits
    assert logits.shape == (1, labels)
    torch.testing.assert_close(halved, logits / 2, rtol=0, atol=1e-6)
    after = encoder_of(network).state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
