"""Tables over HTTP: values, limits, and when they are forgotten."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from http_server import Running, running

AT = "/v1/models/text-classification"
TEXTS = ("the film was gorgeous .", "the plot was dull .", "the cast was awful and cold .", "a warm film !")


@pytest.fixture(scope="module")
def server(folder: Callable[[str], Path]) -> Iterator[Running]:
    with running(
        folder("text-classification"), folder("question-answering"), table_rows=40, tables=2,
        input_characters=500,
    ) as found:  # fmt: skip
        yield found


def send(server: Running, text: str, at: str = AT) -> httpx.Response:
    return httpx.post(f"{server.url}{at}/table", content=text.encode(), timeout=30)


def done(server: Running, job: str, query: str = "", at: str = AT) -> dict[str, Any]:
    """The table once it is no longer running."""
    for _ in range(600):
        found: dict[str, Any] = httpx.get(f"{server.url}{at}/table/{job}{query}", timeout=30).json()
        if found["state"] != "running":
            return found
        time.sleep(0.05)
    raise AssertionError("the table is never done")


def forget(server: Running, job: str, at: str = AT) -> int:
    return httpx.delete(f"{server.url}{at}/table/{job}", timeout=30).status_code


def table(*texts: str) -> str:
    return "id,text\n" + "".join(f'{number},"{text}"\n' for number, text in enumerate(texts))


def test_a_row_without_text_gets_no_result_and_columns_are_guessed(server: Running) -> None:
    texts = [f"the film number {number} was what I like of an evening ." for number in range(6)]
    rows = [*texts[:2], " ", *texts[2:], ""]
    body = "number,what_they_wrote\n" + "".join(f'{n},"{text}"\n' for n, text in enumerate(rows))
    job = send(server, body).json()["job"]
    found = done(server, job, "?order=file")
    assert (found["total"], found["failed"], found["without_text"]) == (8, 0, 2)
    assert "text = 'what_they_wrote'" in found["note"]
    assert "bertolt" not in found["note"]
    assert [row["line"] for row in found["rows"] if row["result"] is None] == [4, 9]
    assert found["rows"][0]["result"]["label"] in ("negative", "positive")
    file = httpx.get(f"{server.url}{AT}/table/{job}/result.csv", timeout=30).text
    labels = [row["label"] for row in csv.DictReader(io.StringIO(file))]
    assert [label == "" for label in labels] == [row.strip() == "" for row in rows]
    refused = send(server, 'text\n" "\n""\n').json()["error"]
    assert refused["found"] == "2 rows without text"
    assert forget(server, job) == 204


def test_what_a_spreadsheet_would_run_is_made_text(server: Running) -> None:
    texts = ("=1+1", "+1", "-1", "@SUM(A1)", "the film")
    job = send(server, table(*texts)).json()["job"]
    done(server, job)

    def column(query: str) -> list[str]:
        file = httpx.get(f"{server.url}{AT}/table/{job}/result.csv{query}", timeout=30).text
        return [row["text"] for row in csv.DictReader(io.StringIO(file))]

    assert column("") == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "the film"]
    assert column("?spreadsheet_safe=false") == list(texts)
    assert forget(server, job) == 204


def test_rows_come_in_any_order_with_what_predict_says(server: Running) -> None:
    answer = send(server, table(*TEXTS))
    assert answer.status_code == 202
    job = answer.json()["job"]
    inputs = {"inputs": list(TEXTS)}
    results = httpx.post(f"{server.url}{AT}/predict", json=inputs, timeout=30).json()["results"]
    found = done(server, job, "?order=file")
    assert (found["state"], found["done"], found["total"], found["failed"]) == ("done", 4, 4, 0)
    assert found["columns"] == ["text"]
    assert [row["line"] for row in found["rows"]] == [2, 3, 4, 5]
    assert [row["values"] for row in found["rows"]] == [{"text": text} for text in TEXTS]
    for row, result in zip(found["rows"], results, strict=True):
        assert row["result"]["score"] == pytest.approx(result["score"], abs=1e-5)
    scores = [row["result"]["score"] for row in found["rows"]]
    for order, expected in (("unsure", sorted(scores)), ("sure", sorted(scores, reverse=True))):
        rows = done(server, job, f"?order={order}")["rows"]
        assert [row["result"]["score"] for row in rows] == expected
    (second,) = done(server, job, "?order=file&offset=1&limit=1")["rows"]
    assert second["values"]["text"] == TEXTS[1]
    sheet = httpx.get(f"{server.url}{AT}/table/{job}/result.csv", timeout=30)
    assert sheet.headers["content-disposition"] == 'attachment; filename="result.csv"'
    read = list(csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert [row["id"] for row in read] == ["0", "1", "2", "3"]
    assert [float(row["score"]) for row in read] == pytest.approx(scores)
    assert forget(server, job) == 204
    assert httpx.get(f"{server.url}{AT}/table/{job}", timeout=30).status_code == 404
    assert forget(server, job) == 404


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("", 422, ""),
        ("id,text\n", 422, "rows to predict"),
        ("colour,size\nred,3\n", 422, "colour"),
        ("text\n" + "a\n" * 41, 413, "at most 40 rows"),
        ("text\ngood\n" + "a" * 501 + "\n", 413, "on line 3"),
    ],
)
def test_what_cannot_be_used_is_refused_before_the_work(
    server: Running, text: str, status: int, words: str
) -> None:
    answer = send(server, text)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"expected", "found", "do"}
    assert words in f"{error['expected']} {error['found']}"


def test_no_more_tables_are_held_than_may_be(server: Running) -> None:
    jobs = [send(server, table("good")).json()["job"] for _ in range(2)]
    answer = send(server, table("good"))
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1"
    for job in jobs:
        assert forget(server, job) == 204
    again = send(server, table("good"))
    assert again.status_code == 202
    assert forget(server, again.json()["job"]) == 204


def test_a_table_belongs_to_its_model(server: Running) -> None:
    job = send(server, table("good")).json()["job"]
    other = f"{server.url}/v1/models/question-answering/table/{job}"
    assert httpx.get(other, timeout=30).status_code == 404
    assert httpx.delete(other, timeout=30).status_code == 404
    assert forget(server, job) == 204


def test_results_that_are_too_large_stop_the_work(folder: Callable[[str], Path]) -> None:
    at = "/v1/models/question-answering"
    context = "the film was gorgeous . " * 15
    rows = "".join(f'what was gorgeous ?,"{context}"\n' for _ in range(40))
    with running(folder("question-answering"), table_characters=2_000) as server:
        job = send(server, "question,context\n" + rows, at).json()["job"]
        found = done(server, job, at=at)
        assert found["state"] == "failed"
        assert "results of at most 2,000 characters" in found["error"]["expected"]
        assert found["rows"] == []
        sheet = httpx.get(f"{server.url}{at}/table/{job}/result.csv", timeout=30)
        assert sheet.status_code == 422


def test_a_table_is_forgotten_after_its_time(folder: Callable[[str], Path]) -> None:
    with running(folder("text-classification"), table_seconds=0.3) as server:
        job = send(server, table("good")).json()["job"]
        for _ in range(200):
            status = httpx.get(f"{server.url}{AT}/table/{job}", timeout=30).status_code
            if status == 404:
                break
            time.sleep(0.02)
        assert status == 404


def test_a_table_can_be_stopped_while_it_runs(folder: Callable[[str], Path]) -> None:
    with running(folder("text-classification"), request_rows=2) as server:
        server.worker.open.clear()
        job = send(server, table(*TEXTS * 3)).json()["job"]
        running_now = httpx.get(f"{server.url}{AT}/table/{job}", timeout=30).json()
        assert (running_now["state"], running_now["total"], running_now["rows"]) == ("running", 12, [])
        assert httpx.get(f"{server.url}{AT}/table/{job}/result.csv", timeout=30).status_code == 422
        assert forget(server, job) == 204
        server.worker.open.set()
