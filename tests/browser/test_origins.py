"""A page of another origin cannot write corrections; the server's own page can."""

from __future__ import annotations

import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from bertolt.serving.corrections import Corrections
from browser.conftest import ARGUMENTS
from http_server import Running, running

PATH = "/v1/models/reviews/corrections"
BODY = json.dumps({"input": "a film", "prediction": None, "correction": "positive"})
#: Everything with which a page can send a body to another origin without being asked first.
ATTACK = """
<iframe id="sandbox" sandbox="allow-scripts" srcdoc="<script>
  fetch('URL', {method: 'POST', mode: 'no-cors', body: `BODY`}).catch(() => 0);
</script>"></iframe>
<iframe name="target"></iframe>
<form method="POST" action="URL" enctype="text/plain" target="target">
  <input name='{"input": "a film", "prediction": null, "correction": "positive", "x": "' value='"}'>
</form>
<script>
  fetch("URL", {method: "POST", mode: "no-cors", body: `BODY`}).catch(() => 0);
  navigator.sendBeacon("URL", `BODY`);
  document.forms[0].submit();
</script>
"""


@pytest.fixture(scope="module")
def taking(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that takes corrections."""
    with running(folders["reviews"]) as found:
        found.app.state.corrections = store = Corrections(tmp_path_factory.mktemp("saved") / "all.sqlite")
        yield found
        store.close()


@pytest.fixture
def foreign(taking: Running) -> Iterator[str]:
    """The address of a site on another port, whose page attacks the server."""
    html = ATTACK.replace("URL", taking.url + PATH).replace("BODY", BODY.replace('"', "&quot;"), 1)
    content = html.replace("BODY", BODY).encode()

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *words: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{site.server_address[1]}"
        site.shutdown()
        thread.join()


def counted(taking: Running) -> int:
    found: int = httpx.get(taking.url + PATH).json()["count"]
    return found


def refused(taking: Running) -> float:
    """How many requests were refused because of their origin."""
    lines = httpx.get(f"{taking.url}/metrics").text.splitlines()
    name = 'bertolt_refusals_total{reason="origin"} '
    return next((float(line.removeprefix(name)) for line in lines if line.startswith(name)), 0.0)


def test_a_page_of_another_origin_writes_nothing(
    page: Page, taking: Running, foreign: str, forgiven: list[str]
) -> None:
    forgiven += ["403", "frame-ancestors", "blocked"]
    page.goto(foreign)
    for _ in range(100):
        if refused(taking) >= 4:
            break
        page.wait_for_timeout(50)
    assert refused(taking) == 4
    assert counted(taking) == 0


def test_the_servers_own_page_writes_one(page: Page, taking: Running) -> None:
    page.goto(taking.url)
    before = counted(taking)
    send = f"fetch('{PATH}', {{method: 'POST', body: `{BODY}`}}).then((answer) => answer.status)"
    assert page.evaluate(send) == 201
    assert counted(taking) == before + 1


def test_a_name_that_points_at_the_server_reads_and_writes_nothing(browser: Browser, taking: Running) -> None:
    """DNS rebinding: to the browser, the page and the server are one origin."""
    words = [*ARGUMENTS, "--host-resolver-rules=MAP evil.test 127.0.0.1"]
    rebound = browser.browser_type.launch(executable_path=shutil.which("chromium"), args=words)
    page = rebound.new_page()
    before = counted(taking)
    answer = page.goto(f"http://evil.test:{taking.port}/")
    assert answer is not None
    assert answer.status == 403
    for method, path in (("GET", "/v1/models"), ("POST", PATH)):
        body = f", body: `{BODY}`" if method == "POST" else ""
        send = f"fetch('{path}', {{method: '{method}'{body}}}).then((answer) => answer.status)"
        assert page.evaluate(send) == 403
    rebound.close()
    assert counted(taking) == before
