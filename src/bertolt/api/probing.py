"""The verb that looks inside a network.

done = bertolt.probe("minilm", "train.conllu", edge_task="part-of-speech", out="probes/pos")
done.results.best_layer, done.results.mix.f1.value
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Unpack

from bertolt.api.names import names, nothing
from bertolt.probing.settings import ProbeOptions, ProbeSettings
from bertolt.progress import say
from bertolt.training.prepare import Say
from bertolt.training.settings import StrPath, check_settings

if TYPE_CHECKING:
    from bertolt.probing.probe import Probing, Report


def probe(
    model: StrPath,
    data: StrPath,
    *,
    edge_task: str,
    out: StrPath,
    quiet: bool = False,
    **options: Unpack[ProbeOptions],
) -> Probing:
    """Asks what can be read out of a network and at which layer, as ``bertolt probe`` does.

    Args:
        model: what is looked into: a name, a folder or a Hub id.
        data: a path, from which a tenth is cut off for choices.
        edge_task: what is read out, such as ``part-of-speech``; see ``bertolt.probing.edge_tasks``.
        out: the probe folder; its report is written too.
        quiet: see ``train``.
        options: see ``ProbeOptions``.

    Returns:
        The finished probe: ``results``, ``folder``, ``seconds``.

    Raises:
        InputError: the data, a name, an option or the output folder cannot be used.
        DiskError: the disk is full; ``bertolt probe --resume DIR`` goes on.
    """
    from bertolt.probing.probe import probe as run

    values: dict[str, Any] = {
        name: os.fspath(value) if isinstance(value, os.PathLike) else value for name, value in options.items()
    }
    values["beside"] = names(options.get("beside", ()))
    values |= {
        "model": os.fspath(model),
        "data": os.fspath(data),
        "edge_task": edge_task,
        "out": os.fspath(out),
    }
    tell = nothing if quiet else say
    return run(check_settings(ProbeSettings, values), tell, report=reporter(tell))


def reporter(tell: Say) -> Report:
    """What writes the report of a probe into its folder, and says where it is."""
    from bertolt.reports.probe_report import write_probe_report

    return lambda done: tell(f"report: {write_probe_report(done.folder)}")
