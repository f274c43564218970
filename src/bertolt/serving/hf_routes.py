"""``POST /models/{name}``: requests and answers in the shape of Hugging Face's inference API.

For ``huggingface_hub.InferenceClient(model="http://…/models/NAME")``: text-classification (every task whose
results are labels), token-classification, question-answering and fill-mask. A parameter that cannot be kept
is refused, not passed over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from bertolt.errors import InputError
from bertolt.serving.bodies import checked, read_body
from bertolt.serving.predict_routes import RESPONSES
from bertolt.serving.predicting import model_of, predict
from bertolt.serving.served import Served

hf_router = APIRouter(tags=["hugging face"])

Parameters = TypeVar("Parameters", bound=BaseModel)
Shape = Callable[[dict[str, Any]], Any]


class InferenceBody(BaseModel):
    """What is to be predicted."""

    model_config = ConfigDict(extra="forbid")

    inputs: Any = Field(description="a text, an object of the task's fields, or a list of them")
    parameters: dict[str, Any] = Field(default_factory=dict, description="as the task's pipeline takes them")


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _LabelParameters(_Parameters):
    top_k: int | None = Field(default=None, ge=1)
    function_to_apply: Literal["softmax", "sigmoid"] | None = None


class _TagParameters(_Parameters):
    aggregation_strategy: Literal["none", "simple", "first", "average", "max"] | None = None
    ignore_labels: list[str] = ["O"]


class _AnswerParameters(_Parameters):
    top_k: int | None = Field(default=None, ge=1)
    max_answer_len: int | None = None
    max_question_len: int | None = None
    doc_stride: int | None = None
    handle_impossible_answer: bool = False
    align_to_words: Literal[True] = True


class _CandidateParameters(_Parameters):
    top_k: int | None = None
    targets: list[str] | None = None


_EXAMPLE = {"inputs": "A gorgeous, witty film.", "parameters": {"top_k": 1}}


@hf_router.post(
    "/models/{name}",
    summary="Predict in the shape of Hugging Face's inference API",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": InferenceBody.model_json_schema(), "example": _EXAMPLE}
            },
        }
    },
    responses={200: {"description": "As the task's pipeline answers."}, **RESPONSES},
)
async def inference_route(request: Request, name: str) -> Response:
    """One answer for one input, a list for a list; a labels task always answers with a list of lists."""
    served = model_of(request, name)
    body = await read_body(request, InferenceBody)
    options, shape = _read(served, body.parameters)
    results = await predict(request, served, body.inputs, options)
    shaped = [shape(json.loads(result)) for result in results]
    single = not isinstance(body.inputs, list) and served.kind != "labels"
    return Response(json.dumps(shaped[0] if single else shaped), media_type="application/json")


def _read(served: Served, values: Mapping[str, Any]) -> tuple[dict[str, Any], Shape]:
    """The parameters as options of ours, and how a result is written."""
    kinds = {"labels": _labels, "tags": _tags, "answers": _answers, "candidates": _candidates}
    if served.kind not in kinds:
        raise InputError(
            "a model for text-classification, token-classification, question-answering or fill-mask",
            f"one for {served.task.name}",
            f"use POST /v1/models/{served.name}/predict",
        )
    return kinds[served.kind](served, values)


def _labels(served: Served, values: Mapping[str, Any]) -> tuple[dict[str, Any], Shape]:
    parameters = checked(_LabelParameters, values)
    activation = served.record.spec.activation
    if parameters.function_to_apply not in (None, activation):
        raise InputError(
            f"the function_to_apply that the model was trained for, {activation}",
            str(parameters.function_to_apply),
            "leave it out",
        )

    def shape(result: dict[str, Any]) -> list[dict[str, Any]]:
        best = sorted(result["scores"].items(), key=lambda pair: -pair[1])[: parameters.top_k]
        return [{"label": label, "score": score} for label, score in best]

    return {}, shape


def _tags(served: Served, values: Mapping[str, Any]) -> tuple[dict[str, Any], Shape]:
    parameters = checked(_TagParameters, values)

    def shape(result: dict[str, Any]) -> list[dict[str, Any]]:
        spans = None if parameters.aggregation_strategy == "none" else result["entities"]
        name, kind = (
            ("entity", "tag") if parameters.aggregation_strategy == "none" else ("entity_group", "label")
        )
        if spans is None:
            spans, kind = result["words"], "tag"
        return [
            {name: each[kind], "score": each["score"], "word": each["text"], "start": each["start"],
             "end": each["end"]}
            for each in spans
            if each[kind] not in parameters.ignore_labels
        ]  # fmt: skip

    return {}, shape


def _answers(served: Served, values: Mapping[str, Any]) -> tuple[dict[str, Any], Shape]:
    parameters = checked(_AnswerParameters, values)
    count = parameters.top_k or 1
    settings = {
        "top_k": count,
        "max_answer_words": parameters.max_answer_len,
        "max_question_tokens": parameters.max_question_len,
        "overlap": parameters.doc_stride,
    }

    def shape(result: dict[str, Any]) -> Any:
        best = [
            {name: each[name if name != "answer" else "text"] for name in ("score", "start", "end", "answer")}
            for each in result["answers"]
        ]
        if parameters.handle_impossible_answer or not best:
            nothing = {"score": result["no_answer_score"], "start": 0, "end": 0, "answer": ""}
            best = sorted([*best, nothing], key=lambda each: -each["score"])
        return best[0] if count == 1 else best[:count]

    return {name: value for name, value in settings.items() if value is not None}, shape


def _candidates(served: Served, values: Mapping[str, Any]) -> tuple[dict[str, Any], Shape]:
    parameters = checked(_CandidateParameters, values)
    settings = {"top_k": parameters.top_k, "targets": parameters.targets}

    def shape(result: dict[str, Any]) -> Any:
        masks = [
            [
                {
                    "score": each["score"],
                    "token": served.token_id(each["token"]),
                    "token_str": each["token"],
                    "sequence": each["text"],
                }
                for each in candidates
            ]
            for candidates in result["masks"]
        ]
        return masks[0] if len(masks) == 1 else masks

    return {name: value for name, value in settings.items() if value is not None}, shape
