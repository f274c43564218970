"""The verbs. A verb is a row here and a module of its name beside this one.

The module holds a function of the same name, whose parameters are options in typer's notation (shared
ones stand in ``options``) and whose docstring is its help, with an example. It returns nothing: results go
to standard output (one document through ``output.print_json`` under ``--json``), everything else for
people through ``progress.say``; a failure is a ``BertoltError`` that it lets through.
"""

from __future__ import annotations

VERBS = {
    "check": "Look at data: what is in it, and what is wrong with it, by line.",
    "train": "Fine-tune a model on labelled text and write its folder.",
    "evaluate": "Measure a model on labelled text, every metric with its 95% interval.",
    "predict": "Predict texts, or a whole file into another.",
    "explain": "Say which words moved a result.",
    "compare": "Say whether one model is better than another, by paired tests.",
    "bench": "Measure the speed of model folders on this machine.",
    "adapt": "Let a model read unlabelled text before it is fine-tuned.",
    "export": "Export a model for ONNX Runtime, if it gives the same answers.",
    "probe": "Ask what a network knows, and at which layer.",
    "corrections": "Export what people corrected on the page, for training.",
    "serve": "Put one or several models behind HTTP.",
    "describe": "Say what a model is, in a folder or on the Hub, before using it.",
    "models": "List the pre-trained models that can be named.",
    "datasets": "List the data sets that can be named.",
    "tasks": "List the tasks, or show one with its columns, settings and metrics.",
}
