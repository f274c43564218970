"""``bertolt probe``: what a network knows, and at which layer."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bertolt.cli.options import (
    READ,
    Delimiter,
    Encoding,
    Header,
    Json,
    MaxCell,
    MaxExpansion,
    Sheet,
    Threads,
    given_options,
    settings_from,
)
from bertolt.cli.output import print_json, print_table
from bertolt.cli.resuming import refuse_others, require, resumable
from bertolt.cli.training_options import Resume, Seed, TrainDevice
from bertolt.probing.settings import ProbeSettings
from bertolt.training.settings import check_settings

if TYPE_CHECKING:
    from bertolt.probing.probe import Probing

_DEFAULT: ProbeSettings = ProbeSettings.model_construct(model="", data="", edge_task="", out="")


def probe(  # noqa: PLR0913 (a parameter is an option)
    context: typer.Context,
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="What is looked into: a name, a folder or a Hub id."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA", help="CoNLL-U, CoNLL, SemEval-2010 task 8, DPR, or jsonl in jiant's format."
        ),
    ] = None,
    *,
    edge_task: Annotated[
        str | None,
        typer.Option(
            metavar="T",
            help="What is read out: part-of-speech, dependencies, phrases, entities, relations, "
            "definite-pronouns, or edges (any jsonl in jiant's format).",
        ),
    ] = None,
    out: Annotated[str | None, typer.Option(metavar="DIR", help="The probe folder.")] = None,
    test: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Data to measure on.", show_default="a tenth is cut off"),
    ] = None,
    label: Annotated[
        str | None, typer.Option(metavar="COL", help="The column of the labels, such as xpos.")
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(metavar="N", help="Passes over the data.", show_default="4, or 1,200 steps"),
    ] = None,
    lr: Annotated[float, typer.Option(metavar="X", help="Peak learning rate of the probes.")] = _DEFAULT.lr,
    batch_size: Annotated[int, typer.Option(metavar="N", help="Texts of a step.")] = _DEFAULT.batch_size,
    max_length: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Tokens that are read at once; longer texts in windows.",
            show_default="512, or what the model has",
        ),
    ] = None,
    seed: Seed = _DEFAULT.seed,
    seeds: Annotated[
        int, typer.Option(metavar="N", help="Train the mix of all layers N times, from --seed on.")
    ] = _DEFAULT.seeds,
    beside: Annotated[
        list[str] | None,
        typer.Option(metavar="DIR", help="Another probe, whose task is shown in the report; repeat it."),
    ] = None,
    keep_states: Annotated[
        bool, typer.Option("--keep-states", help="Leave the hidden states in DIR.run, for the next run.")
    ] = _DEFAULT.keep_states,
    device: TrainDevice = _DEFAULT.device,
    threads: Threads = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="projection, dropout, steps, max_targets; see docs/probing.md.",
        ),
    ] = None,
    resume: Resume = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    header: Header = None,
    sheet: Sheet = None,
    max_cell: MaxCell = READ.max_cell,
    max_expansion: MaxExpansion = READ.max_expansion,
    json: Json = False,
) -> None:
    """Ask whether a label can be read out of a network, at which layer, and how sure that is.

    Small probes learn the label from the frozen network: from word pieces alone, from each layer, and from
    layers mixed. The same is done for random labels, for a network with random weights, and as a code whose
    length is counted; no figure is shown without these.

    \b
    Example:
      bertolt probe minilm en_ewt-ud-train.conllu --edge-task part-of-speech --out probes/pos
      bertolt probe models/reviews en_ewt-ud-train.conllu --edge-task part-of-speech --out probes/pos-reviews
      bertolt compare probes/pos probes/pos-reviews
      bertolt probe --resume probes/pos
    """
    given = given_options(context)
    given.pop("json", None)
    done = _resume(given) if resume is not None else _begin(given)
    if json:
        print_json(_document(done))
    else:
        _show(done)
        sys.stdout.write(f"probe folder: {done.folder.path} ({done.seconds:,.0f} s)\n")


def _begin(given: dict[str, Any]) -> Probing:
    wanted = {
        "model": "MODEL, what is looked into",
        "data": "DATA, texts with labelled spans",
        "edge_task": "--edge-task T, what is read out",
        "out": "--out DIR, the probe folder",
    }
    example = "bertolt probe minilm train.conllu --edge-task part-of-speech --out probes/pos"
    require(given, wanted, example)
    given["set"] = settings_from(given.get("set"))
    settings = check_settings(ProbeSettings, given)
    from bertolt.api.probing import reporter
    from bertolt.probing.probe import probe as run
    from bertolt.progress import say

    with resumable(Path(settings.out), "probe"):
        return run(settings, say, report=reporter(say))


def _resume(given: dict[str, Any]) -> Probing:
    folder = given.pop("resume")
    refuse_others(given, "probe", ("model", "data"))
    from bertolt.api.probing import reporter
    from bertolt.probing.probe import resume as run
    from bertolt.progress import say

    with resumable(Path(folder), "probe"):
        return run(Path(folder), say, report=reporter(say))


def _document(done: Probing) -> Mapping[str, Any]:
    from bertolt.probing.words import sentences

    record = done.folder.record
    return {
        "folder": str(done.folder.path),
        "edge_task": record.edge_task,
        "model": record.model,
        "labels": record.labels,
        "texts": record.texts,
        "targets": record.targets,
        "left_out": record.left_out,
        "sentences": sentences(done.folder),
        "results": done.folder.results.model_dump(mode="json"),
        "seconds": round(done.seconds, 3),
    }


def _show(done: Probing) -> None:
    from bertolt.probing.words import interval, sentences, shown

    results, record = done.folder.results, done.folder.record
    out = sys.stdout
    texts, targets = record.texts["test"], record.targets["test"]
    out.write(f"micro-F1 on {targets:,} targets of {texts:,} test texts, with 95% intervals:\n")
    rows = [("read from", "F1", "adds", "random labels", "selectivity", "random network")]
    for each in results.inputs:
        added = "" if each.differential is None else interval(each.differential)
        controls = [
            "" if found is None else shown(found) for found in (each.control, each.selectivity, each.random)
        ]
        rows.append((each.name, interval(each.f1), added, *controls))  # type: ignore[arg-type]
    print_table(rows, right=(3, 4, 5), indent=2)
    out.write("\nlabels as a code (Voita & Titov 2020):\n")
    lines = [("read from", "bits a label", "times shorter than equal probabilities")]
    lines += [
        (code.name, f"{code.length / code.targets:.3f}", f"{code.compression:.2f}") for code in results.code
    ]
    print_table(lines, right=(1, 2), indent=2)
    for name, figure in results.official.items():
        out.write(f"\n{name}, all layers mixed: {interval(figure)}\n")
    out.write("\n" + "\n".join(sentences(done.folder)) + "\n")
