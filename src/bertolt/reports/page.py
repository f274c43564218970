"""A page of HTML that is one file: no script, nothing loaded from elsewhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path

from bertolt.errors import DiskError
from bertolt.reports.style import Picture

_CSS = """
body{font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;color:#222831;background:#fff;margin:0 auto;
max-width:60rem;padding:2rem 1.25rem 4rem}
h1{font-size:1.7rem;margin:0 0 .25rem}h2{font-size:1.2rem;margin:2.5rem 0 .5rem}
p{margin:.4rem 0;max-width:46rem}.lead{color:#5b6470}
figure{margin:.75rem 0}figure img{max-width:100%;height:auto}
table{border-collapse:collapse;margin:.75rem 0;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #d9dde2;vertical-align:top}
td.n,th.n{text-align:right}td.t{overflow-wrap:anywhere;white-space:pre-wrap;min-width:6rem}summary{cursor:pointer}
@media print{body{max-width:none}}
"""

#: Characters of a text that are shown at once; the rest opens.
_SHOWN = 400


def page(title: str, lead: Sequence[str], sections: Sequence[str]) -> str:
    """The whole document."""
    paragraphs = "".join(f'<p class="lead">{escape(line)}</p>' for line in lead)
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n{paragraphs}\n" + "\n".join(sections) + "\n</body>\n</html>\n"
    )


def section(title: str, *parts: str) -> str:
    """A heading with what stands under it (HTML)."""
    return f"<section>\n<h2>{escape(title)}</h2>\n" + "\n".join(parts) + "\n</section>"


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def picture(found: Picture) -> str:
    """A picture as a section of its own."""
    image = f'<figure><img src="{found.data_uri()}" alt="{escape(found.alt, quote=True)}"></figure>'
    return section(found.title, paragraph(found.meaning), image)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> str:
    """A table of plain texts; the columns ``numbers`` are aligned to the right."""

    def cells(values: Sequence[str]) -> str:
        return "".join(
            f'<td class="{"n" if position in numbers else "t"}">{text_cell(value)}</td>'
            for position, value in enumerate(values)
        )

    titles = "".join(
        f'<th class="{"n" if position in numbers else "t"}">{escape(value)}</th>'
        for position, value in enumerate(head)
    )
    body = "\n".join(f"<tr>{cells(row)}</tr>" for row in rows)
    return f"<table>\n<thead><tr>{titles}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def text_cell(text: str) -> str:
    """A text in a cell; of a long one the beginning, and the rest on a click."""
    if len(text) <= _SHOWN:
        return escape(text)
    head = text[:_SHOWN].rsplit(" ", 1)[0]
    return f"<details><summary>{escape(head)} …</summary>{escape(text[len(head) :])}</details>"


def write_page(file: Path, content: str) -> None:
    """Writes a page; an older file is replaced, by a whole one or not at all.

    Raises:
        DiskError: it cannot be written.
    """
    new = file.with_name(f".{file.name}.new")
    try:
        new.write_text(content, encoding="utf-8", errors="replace")
        os.replace(new, file)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise DiskError(
            f"a page {str(file)!r} that can be written", f"{error.strerror}", "choose another file for it"
        ) from error
