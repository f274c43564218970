"""One run of a program that classifies one text, from the start of its process to its end.

    python benchmarks/cold.py bertolt|transformers FOLDER

Prints ``{"seconds": ...}``. One run before the one that counts fills the disk's cache.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

TEXT = "A gorgeous, witty film."
PROGRAMS = {
    "bertolt": ["-m", "bertolt", "predict"],
    "transformers": ["benchmarks/peers/hf_predict.py"],
}


def main(name: str, folder: str) -> None:
    """Runs the program twice and prints the seconds of the second run."""
    command = [sys.executable, *PROGRAMS[name], folder, TEXT]
    seconds = 0.0
    for _ in range(2):
        start = time.perf_counter()
        subprocess.run(command, env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True, check=True)
        seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
