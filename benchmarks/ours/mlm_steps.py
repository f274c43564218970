"""The first steps of ``bertolt adapt``, the whole network trained, timed as the Trainer's are.

    python -m benchmarks.ours.mlm_steps minilm DATA/imdb/train-2500.csv --max-steps 60

The last line of standard output is JSON; an example is a row of up to 128 tokens.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.ours.first_steps import FirstSteps, time_steps

from bertolt.data.masking import masking_for
from bertolt.data.tokenizer import Tokenizer
from bertolt.models.backbone import load_backbone
from bertolt.training.loop import Plan
from bertolt.unlabelled.adapt import ROW_LENGTH, build_models
from bertolt.unlabelled.corpus import read_adapt_data
from bertolt.unlabelled.masked_lm import MaskedLM, Reading
from bertolt.unlabelled.settings import AdaptSettings


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", help="backbone")
    parser.add_argument("data", type=Path, help="file of texts")
    parser.add_argument("--max-steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    settings = AdaptSettings(model=options.model, data=(str(options.data),), out="-", seed=options.seed)
    backbone = load_backbone(settings.model)
    tokenizer = Tokenizer.from_folder(backbone.folder)
    data = read_adapt_data(settings, tokenizer, ROW_LENGTH)
    models = build_models(settings, backbone, tokenizer, ROW_LENGTH)
    reading = Reading(masking_for(tokenizer), tokenizer.pad_id, settings.batch_size, settings.seed)
    objective = FirstSteps(
        MaskedLM(models.engine.network, data.rows, reading, lambda: None), options.max_steps
    )
    rows = sum(len(batch.features) for step in objective.kept for batch in step.batches)
    plan = Plan(epochs=1, learning_rate=1e-4, seed=settings.seed)
    sys.stdout.write(json.dumps(time_steps(objective, plan, rows)) + "\n")


if __name__ == "__main__":
    main()
