"""Options that the verbs which train share, in typer's notation."""

from __future__ import annotations

from typing import Annotated

import typer

Epochs = Annotated[int, typer.Option(metavar="N", help="Passes over the data.")]
LearningRate = Annotated[
    float | None,
    typer.Option(metavar="X", help="Peak learning rate.", show_default="1e-4; 3e-5 above hidden size 512"),
]
Seed = Annotated[int, typer.Option(metavar="N", help="Of all that is drawn: split, order, head, dropout, …")]
TrainDevice = Annotated[str, typer.Option(metavar="auto|cpu|cuda|mps", help="Where it is trained.")]
KeepExamples = Annotated[
    int,
    typer.Option(metavar="N", help="Held-out rows kept in the model folder; 0 for private text."),
]
Resume = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Go on with the interrupted run of DIR; stands alone."),
]
