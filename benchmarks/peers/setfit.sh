#!/usr/bin/env bash
# SetFit in an environment of its own, for it brings sentence-transformers: benchmarks/peers/setfit.sh build/setfit
set -euo pipefail
target=${1:?a folder for the environment}
python3.11 -m venv "$target"
# torch first, the CPU build and the version of constraints.txt, or the newest one with CUDA would be taken.
"$target/bin/pip" install --quiet --extra-index-url https://download.pytorch.org/whl/cpu 'torch==2.13.0+cpu'
# The last transformers that setfit 1.1.3 imports from.
"$target/bin/pip" install --quiet 'setfit==1.1.3' 'transformers<5' 'sentence-transformers<6'
