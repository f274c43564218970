"""What people write by hand: FastAPI around the transformers pipeline, as its documentation shows it.

python benchmarks/peers/plain_app.py DIR --port 8001
"""

from __future__ import annotations

import argparse
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import pipeline


class Body(BaseModel):
    """A text or several."""

    inputs: str | list[str]


def build(folder: str) -> FastAPI:
    """The app; FastAPI runs its route in a pool of threads."""
    classifier = pipeline("text-classification", model=folder, top_k=None)
    app = FastAPI()

    @app.get("/ready")
    def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/predict")
    def predict(body: Body) -> Any:
        return classifier(body.inputs, truncation=True)

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--port", type=int, default=8001)
    arguments = parser.parse_args()
    uvicorn.run(build(arguments.folder), port=arguments.port, log_level="warning")
