#!/usr/bin/env bash
# The peers of benchmarks/bench_peers.py, each in an environment of its own: benchmarks/peers/make.sh build/peers [NAME …]
# PIP_ARGS='--extra-index-url https://download.pytorch.org/whl/cpu' takes the small CPU build of torch.
# NAME is transformers, onnxruntime, openvino or ctranslate2; all of them without one.
# A peer is a folder with a peer.json, which says how to start it: see docs/speed.md for the protocol.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=${1:?a folder for the environments}
shift
[ $# -gt 0 ] || set -- transformers onnxruntime openvino ctranslate2
for name in "$@"; do
    case $name in
        transformers) packages="" modes='"batch-1", "batch-8", "batch-32", "sorted"' ;;
        onnxruntime) packages="onnxruntime onnx" modes='"fp32", "int8"' ;;
        openvino) packages="openvino onnx" modes='"fp32"' ;;
        ctranslate2) packages="ctranslate2" modes='"fp32", "int8"' ;;
        *) echo "no peer is called $name" >&2 && exit 2 ;;
    esac
    folder=$target/$name
    # The versions that Bertolt is tested with, so that torch and tokenizers are the same for all.
    # shellcheck disable=SC2086
    [ -x "$folder/venv/bin/python" ] || python3.11 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet -c "$here/../../constraints.txt" ${PIP_ARGS:-} torch transformers $packages
    cp "$here"/bench_{sorted,export}.py "$here/../../src/bertolt/evaluation/bench/protocol.py" "$folder/"
    cp "$here/bench_$name.py" "$folder/peer.py"
    printf '{"command": ["venv/bin/python", "peer.py"], "modes": [%s]}\n' "$modes" > "$folder/peer.json"
    echo "made $folder"
done
