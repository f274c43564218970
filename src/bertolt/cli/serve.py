"""``bertolt serve``: models behind HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bertolt.cli.options import Device, Dtype, Engine, Json, Set, Task, Threads, settings_from
from bertolt.cli.output import print_json
from bertolt.errors import MissingExtraError
from bertolt.progress import say

if TYPE_CHECKING:
    from bertolt.serving.corrections import Corrections
    from bertolt.serving.served import Served
    from bertolt.serving.settings import ServeSettings


def serve(  # noqa: PLR0913 (a parameter is an option)
    folders: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL …",
            help="Model folders or Hub ids; a model's name is its folder's, or its id without the owner.",
        ),
    ],
    *,
    host: Annotated[
        str, typer.Option(metavar="H", help="Where to listen; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Answer requests to this name, such as that of a proxy; may be given several times.",
            show_default="addresses, localhost and the name in --host",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="Where to listen; 0 takes a free port.")
    ] = 8000,
    keys: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Ask for one of the keys in FILE, one a line.", show_default="open"
        ),
    ] = None,
    settings: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Limits in TOML; see docs/serve.md.", show_default="usual limits"),
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Take no corrections.")] = False,
    corrections: Annotated[
        str | None,
        typer.Option(
            metavar="F",
            help="One SQLite file for the corrections of all models.",
            show_default="DIR.corrections.sqlite",
        ),
    ] = None,
    task: Task = None,
    set_: Set = None,
    device: Device = "auto",
    dtype: Dtype = "fp32",
    engine: Engine = "auto",
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Put one or several models behind HTTP.

    Models come from the command line only; no request can name a file or another model. SIGTERM and Ctrl-C
    finish what was accepted.

    \b
    Example:
      bertolt serve models/reviews
      curl localhost:8000/v1/models/reviews/predict -d '{"inputs": "A gorgeous, witty film."}'
    """
    try:
        from bertolt.serving.server import bind, make_server
    except ModuleNotFoundError as error:
        raise MissingExtraError("serve", "the server") from error
    from bertolt.serving.app import build_app
    from bertolt.serving.keys import read_keys
    from bertolt.serving.served import open_folder, open_folders
    from bertolt.serving.settings import read_settings
    from bertolt.serving.worker import ChildWorker

    limits = read_settings(settings, allowed_hosts=allowed_host or ())
    chosen = settings_from(set_)
    known = read_keys(keys) if keys is not None else ()
    reopen = partial(
        open_folder, settings=limits, engine=engine, device=device, dtype=dtype, task=task, given=chosen
    )
    served = open_folders(folders, reopen)
    for each in served.values():
        for note in each.notes:
            say(f"{each.name}: {note}")
    store = None if read_only else _open_corrections(corrections, limits, served.values())
    order = {
        "device": device,
        "dtype": dtype,
        "engine": engine,
        "threads": threads,
        "task": task,
        "settings": chosen,
    }
    app = build_app(
        served,
        limits,
        lambda models: ChildWorker(models, order, start_seconds=limits.start_seconds),
        reopen=reopen,
        keys=known,
        corrections=store,
        host=host,
    )
    with bind(host, port) as bound:
        address = _address(host, bound.getsockname()[1])

        def listening() -> None:
            if json:
                print_json({"address": address, "models": [each.summary() for each in served.values()]})
            else:
                say(f"serving {', '.join(served)} at {address}")

        make_server(app, limits, listening).run(sockets=[bound])


def _open_corrections(file: str | None, limits: ServeSettings, served: Iterable[Served]) -> Corrections:
    from bertolt.serving.corrections import LOCK_SECONDS, Corrections

    store = Corrections(
        None if file is None else Path(file),
        address_bytes=limits.correction_address_bytes,
        lock_seconds=min(LOCK_SECONDS, limits.wait_seconds / 4),
    )
    store.check(each.home for each in served)
    return store


def _address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
