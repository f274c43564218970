"""Requests at random: what the OpenAPI document allows, what it does not, and bytes. Never an answer 5xx."""

from __future__ import annotations

import json
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from http_server import Running

TEXTS = st.text(st.characters(), max_size=60) | st.sampled_from(
    ["", " ", "\x00", "\ud800", "[MASK]", "<b>", "a" * 3000, "../../etc/passwd", "http://example.org"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(["text", "text_pair", "question", "context", "words", "id", "title", "unmasked"])
INPUTS = TEXTS | st.dictionaries(FIELDS, TEXTS | VALUES, max_size=3) | VALUES
OPTIONS = st.dictionaries(
    st.sampled_from(
        [
            "abstain_below",
            "top_k",
            "targets",
            "overlap",
            "null_threshold",
            "max_answer_words",
            "pseudo_log_likelihood",
            "order",
            "mapping",
            "decode",
            "cap",
            "names",
            "delimiter",
        ]
    )
    | TEXTS,
    SCALARS | st.lists(TEXTS, max_size=3),
    max_size=3,
)
BODIES = (
    st.fixed_dictionaries(
        {"inputs": INPUTS | st.lists(INPUTS, max_size=4)},
        optional={"options": OPTIONS, "parameters": OPTIONS},
    )
    | st.fixed_dictionaries({}, optional={"inputs": VALUES, "options": VALUES, "other": VALUES})
    | VALUES
).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200)


def fuzz_with_bodies(server: Running, requests: int) -> None:
    """Sends bodies made by hypothesis to the routes that predict, model by model in turn."""
    names = server.app.state.generations.current.served
    paths = [path for name in names for path in (f"/v1/models/{name}/predict", f"/models/{name}")]
    with httpx.Client(base_url=server.url, timeout=60) as client:

        @settings(
            max_examples=requests, deadline=None, database=None, derandomize=True,
            phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(st.sampled_from(paths), BODIES)
        def send(path: str, body: bytes) -> None:
            check(client.post(path, content=body))

        send()
        assert client.get("/ready").status_code == 200


def fuzz_with_schema(server: Running, requests: int) -> None:
    """Sends what schemathesis makes of the OpenAPI document, every operation in turn."""
    import schemathesis
    from schemathesis import GenerationMode

    schema = schemathesis.openapi.from_dict(httpx.get(server.url + "/openapi.json", timeout=30).json())
    operations = [result.ok() for result in schema.get_all_operations()]
    with httpx.Client(base_url=server.url, timeout=60) as client:
        for operation in operations:
            mode = st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
            cases = mode.flatmap(lambda mode, each=operation: each.as_strategy(generation_mode=mode))

            @settings(
                max_examples=max(1, requests // len(operations)), deadline=None, database=None,
                derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(cases)
            def send(case: Any) -> None:
                sent = case.as_transport_kwargs(base_url=server.url)
                names = ("method", "url", "params", "headers", "json", "data")
                kept = {name: value for name, value in sent.items() if name in names}
                if isinstance(kept.get("data"), str | bytes):
                    kept["content"] = kept.pop("data")
                check(client.request(**kept))

            send()
        assert client.get("/ready").status_code == 200


def check(answer: httpx.Response) -> None:
    """An answer is a result or three parts."""
    assert answer.status_code < 500, (answer.request.url, answer.request.content, answer.text)
    if answer.status_code >= 400 and answer.headers["content-type"] == "application/json":
        assert set(answer.json()["error"]) == {"expected", "found", "do"}
