"""The files of the page, and the headers they come with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bertolt.serving.page_routes import page_files
from http_server import Running, running


@pytest.fixture(scope="module")
def server(sentiment: Path) -> Iterator[Running]:
    with running(sentiment, keys=("a-key-of-this-test",)) as found:
        yield found


def get(server: Running, path: str, **headers: str) -> httpx.Response:
    return httpx.get(server.url + path, headers=headers, timeout=30)


def test_every_file_is_answered_with_its_type_and_policy(server: Running) -> None:
    types = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    for path, file in page_files().items():
        answer = get(server, f"/page/{path}")
        assert answer.status_code == 200
        assert answer.content == file.content
        assert answer.headers["content-type"].startswith(types[path.rpartition(".")[2]])
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy


def test_the_page_needs_no_key_and_its_data_do(server: Running) -> None:
    answer = get(server, "/")
    assert answer.status_code == 200
    assert answer.content == page_files()["index.html"].content
    assert get(server, "/v1/models").status_code == 401


def test_an_unchanged_file_is_not_sent_again(server: Running) -> None:
    first = get(server, "/page/app.js")
    again = get(server, "/page/app.js", **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["etag"] != get(server, "/page/try.js").headers["etag"]


@pytest.mark.parametrize(
    "path", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "views", "views/", "none.js", "/etc/passwd", ""]
)
def test_no_path_reaches_another_file(server: Running, path: str) -> None:
    answer = get(server, f"/page/{path}")
    assert answer.status_code in (401, 404)
    assert b"build_app" not in answer.content
    assert set(answer.json()["error"]) == {"expected", "found", "do"}


def test_what_the_page_loads_is_there_and_its_own(server: Running) -> None:
    files = page_files()
    named = re.findall(r'(?:href|src)="(?!#)([^"]+)"', files["index.html"].content.decode())
    assert {name.removeprefix("page/") for name in named} <= set(files)
    for path, file in files.items():
        text = file.content.decode()
        if path.endswith(".js"):
            home = path.rpartition("/")[0]
            for name in re.findall(r'from "([^"]+)"', text):
                assert name.startswith(("./", "../"))
                parts = [*filter(None, home.split("/")), *name.split("/")]
                found: list[str] = []
                for part in parts:
                    if part == "..":
                        found.pop()
                    elif part != ".":
                        found.append(part)
                assert "/".join(found) in files
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text)
        addresses = set(re.findall(r"https?://[^\s\"')]+", text))
        assert addresses <= {"http://www.w3.org/2000/svg"}  # a name, which nobody loads
