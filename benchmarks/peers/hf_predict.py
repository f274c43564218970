"""One text through transformers' own pipeline, a user's shortest program: the peer of ``bertolt predict``."""

from __future__ import annotations

import sys

from transformers import pipeline

if __name__ == "__main__":
    print(pipeline("text-classification", model=sys.argv[1], device="cpu")(sys.argv[2]))
