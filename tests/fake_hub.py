"""The Hugging Face Hub on this machine: what its libraries ask of it, answered out of folders.

The routes are those that huggingface_hub calls: a repository's commit, its tree, and its files with their
commit, their ETag and ranges (``/api/models/ID/revision/REV``, ``/api/models/ID/tree/REV``,
``/ID/resolve/REV/FILE``); for data sets the same below ``/api/datasets`` and ``/datasets``.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_API = re.compile(
    r"/api/(?P<kind>models|datasets)/(?P<id>[^/]+/[^/]+)(?:/(?P<what>revision|tree)/(?P<rev>[^/]+))?(?P<rest>/.*)?"
)
_FILE = re.compile(r"/(?P<kind>datasets/)?(?P<id>[^/]+/[^/]+)/resolve/(?P<rev>[^/]+)/(?P<file>.+)")


@dataclass
class FakeHub:
    """What the server has, and what it was asked.

    Args:
        address: of the server.
        revisions: of each repository, its folders by branch, tag or commit.
        private: the repositories that want ``token``.
        gated: the repositories that no token may read.
        token: that is accepted.
        cut_after: bytes after which the connection of each answer with a file breaks off; None: never.
        stall_after: bytes after which an answer with a file stands still for a minute; None: never.
        asked: method and path of every request, with its range.
    """

    address: str = ""
    revisions: dict[str, dict[str, Path]] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    gated: set[str] = field(default_factory=set)
    token: str = "hf_secret"
    cut_after: int | None = None
    stall_after: int | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def commit(self, repository: str, revision: str) -> str | None:
        """The commit that a revision stands for."""
        known = self.revisions.get(repository, {})
        commits = {name: hashlib.sha1(f"{repository}{name}".encode()).hexdigest() for name in known}
        if revision in commits:
            return commits[revision]
        return revision if revision in commits.values() else None

    def folder(self, repository: str, revision: str) -> Path:
        """The files of a revision that is there."""
        wanted = self.commit(repository, revision)
        return next(
            folder
            for name, folder in self.revisions[repository].items()
            if self.commit(repository, name) == wanted
        )


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """A hub on a free port of this machine."""
    hub = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append((self.command, path, self.headers.get("Range", "")))
        if found := _API.fullmatch(path):
            self._guarded(found["id"], found["rev"] or "main", lambda commit: self._api(found, commit))
        elif found := _FILE.fullmatch(path):
            self._guarded(
                found["id"], found["rev"], lambda commit: self._file(found["id"], commit, found["file"])
            )
        else:
            self._error(404, "EntryNotFound")

    def _guarded(self, repository: str, revision: str, answer: Any) -> None:
        allowed = self.headers.get("Authorization") == f"Bearer {self.hub.token}"
        if repository not in self.hub.revisions or (repository in self.hub.private and not allowed):
            self._error(404 if allowed else 401, "RepoNotFound")
        elif repository in self.hub.gated:
            self._error(403, "GatedRepo")
        elif (commit := self.hub.commit(repository, revision)) is None:
            self._error(404, "RevisionNotFound")
        else:
            answer(commit)

    def _api(self, found: re.Match[str], commit: str) -> None:
        folder = self.hub.folder(found["id"], commit)
        files = {
            path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()
        }
        if found["what"] == "tree":
            inside = (found["rest"] or "/")[1:]
            document: Any = [
                {"type": "file", "path": name, "size": path.stat().st_size, "oid": _etag(path)}
                for name, path in files.items()
                if name.startswith(inside)
            ]
        else:
            siblings = [{"rfilename": name, "size": path.stat().st_size} for name, path in files.items()]
            document = {
                "id": found["id"], "modelId": found["id"], "sha": commit, "siblings": siblings, "tags": [],
                "private": found["id"] in self.hub.private, "gated": False, "disabled": False,
            }  # fmt: skip
        self._send(200, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def _file(self, repository: str, commit: str, name: str) -> None:
        path = self.hub.folder(repository, commit) / name
        if not path.is_file():
            self._error(404, "EntryNotFound", {"X-Repo-Commit": commit})
            return
        content = path.read_bytes()
        headers = {"X-Repo-Commit": commit, "ETag": f'"{_etag(path)}"', "Accept-Ranges": "bytes"}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted is None:
            self._send(200, content, headers)
            return
        start, stop = int(wanted[1]), min(int(wanted[2] or len(content) - 1), len(content) - 1)
        headers["Content-Range"] = f"bytes {start}-{stop}/{len(content)}"
        self._send(206, content[start : stop + 1], headers)

    def _error(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        more = {"X-Error-Code": code, "X-Error-Message": code}
        if code == "RepoNotFound" and status == 401:
            more["X-Error-Message"] = "Invalid username or password."
        self._send(status, b"", {**more, **(headers or {})})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = self.hub.cut_after
        if cut is not None and "ETag" in headers and len(content) > cut:
            self.wfile.write(content[:cut])
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
            return
        stall = self.hub.stall_after
        if stall is not None and len(content) > stall:
            self.wfile.write(content[:stall])
            self.wfile.flush()
            end = time.monotonic() + 60
            while self.hub.stall_after is not None and time.monotonic() < end:
                time.sleep(0.1)
            self.close_connection = True
            return
        self.wfile.write(content)


def _etag(path: Path) -> str:
    return hashlib.sha1(path.read_bytes()).hexdigest()
