#!/usr/bin/env bash
# infinity-emb in an environment of its own, for it pins an old numpy: benchmarks/peers/infinity.sh build/infinity
set -euo pipefail
target=${1:?a folder for the environment}
python3.11 -m venv "$target"
# torch first, the CPU build and the version of constraints.txt, or the newest one with CUDA would be taken.
"$target/bin/pip" install --quiet --extra-index-url https://download.pytorch.org/whl/cpu 'torch==2.13.0+cpu'
"$target/bin/pip" install --quiet 'infinity-emb[torch,server]==0.0.78'
echo "start: $target/bin/infinity_emb v2 --model-id DIR --engine torch --device cpu --no-bettertransformer --port 8002"
