"""An attribution as a page of HTML: one file, no script, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bertolt.data.unknown import UnknownTally
from bertolt.inference.attribution import Attribution
from bertolt.reports.attribution_pieces import Piece, pieces
from bertolt.reports.page import page, paragraph, section, table

# Light to strong; dark text is readable on each of them.
_FOR = ("#e3eef8", "#bcd8f0", "#8fbfe6")
_AGAINST = ("#fbe9dc", "#f6cdb0", "#efab7d")
#: Words in the table.
_STRONGEST = 20


def attribution_html(model: str, found: Attribution) -> str:
    """The page.

    Args:
        model: the model's name.
        found: what is shown.
    """
    sections = [section(field, _text(pieces(found, field))) for field in found.texts]
    sections.append(_table(found))
    return page(f"{model}: why {found.target}", lead(found), sections)


def lead(found: Attribution) -> list[str]:
    """What the figures are, in sentences; the same for the terminal."""
    lines = [
        f"The {found.quantity} of {found.target} is {found.value:.3f}, of which the words make "
        f"{found.change:+.3f} (the scores add up to {found.sum:+.3f}).",
        f"+ speaks for {found.target}, - against it; more signs, more weight. Method: {found.method}.",
    ]
    if found.unread:
        lines.append(
            f"The model read {found.result.tokens_read:,} of {found.result.tokens:,} tokens: "
            "what it did not read is grey, and has no score."
        )
    unknown = UnknownTally.of([(found.result.tokens, found.result.unknown)])
    lines.extend(unknown.warnings())
    return [*lines, found.note] if found.note else lines


def _text(found: Sequence[Piece]) -> str:
    shown = "".join(map(_piece, found))
    return f'<p style="white-space:pre-wrap;overflow-wrap:anywhere;line-height:2">{shown}</p>'


def _piece(piece: Piece) -> str:
    shown = escape(piece.text)
    if not piece.read:
        return f'<s style="color:#6b7280;text-decoration:none" title="not read">[not read: {shown}]</s>'
    if piece.score is None:
        return shown
    title = f'title="{piece.score:+.4f}"'
    if not piece.level:
        return f"<span {title}>{shown}</span>"
    colour = (_FOR if piece.level > 0 else _AGAINST)[abs(piece.level) - 1]
    style = f"background:{colour};color:#222831;border-radius:3px;padding:0 2px"
    return f'<span style="{style}" {title}>{shown}<sup>{piece.mark}</sup></span>'


def _table(found: Attribution) -> str:
    strongest = sorted(found.tokens, key=lambda each: -abs(each.score))[:_STRONGEST]
    rows = [(each.text, each.field, f"{each.start}", f"{each.score:+.4f}") for each in strongest]
    if not rows:
        return section("Words", paragraph("None: the model read no word."))
    what = "The strongest first; each score is a part of what the words make."
    head = ("word", "input", "character", "score")
    return section("Words", paragraph(what), table(head, rows, numbers=(2, 3)))
