"""The table of families in docs/models.md, from ``bertolt.models.families``.

python docs/make_family_table.py        # writes it between the two marks
"""

from __future__ import annotations

from pathlib import Path

from bertolt.models.families import FAMILIES, Family

PAGE = Path(__file__).with_name("models.md")
START, END = "<!-- families: start -->\n", "<!-- families: end -->\n"


def table() -> str:
    """A row for each family that can be trained, and one for each reason why others cannot."""
    lines = [
        "| family (`model_type`) | speed | `explain` | `export` | `probe` | batches |",
        "|---|---|---|---|---|---|",
    ]
    for family, kinds in _grouped("fast", "plain"):
        speed = "fast path" if family.support == "fast" else "transformers' own"
        marks = [
            "yes" if each else "refused"
            for each in (family.embeddings_in, family.exports and not family.equal_lengths, family.probes)
        ]
        batches = "rows of one length" if family.equal_lengths else "any"
        lines.append(f"| {_names(kinds)} | {' | '.join([speed, *marks, batches])} |")
    lines += ["", "| refused | why |", "|---|---|"]
    lines += [f"| {_names(kinds)} | {family.reason} |" for family, kinds in _grouped("refused")]
    return "\n".join(lines) + "\n"


def _grouped(*supports: str) -> list[tuple[Family, list[str]]]:
    """Families whose rows say the same."""
    groups: dict[tuple[object, ...], tuple[Family, list[str]]] = {}
    for kind, family in FAMILIES.items():
        if family.support in supports:
            key = (
                family.support, family.reason, family.equal_lengths, family.embeddings_in, family.exports,
                family.probes, family.decoder,
            )  # fmt: skip
            groups.setdefault(key, (family, []))[1].append(kind)
    return list(groups.values())


def _names(kinds: list[str]) -> str:
    return ", ".join(f"`{kind}`" for kind in kinds)


def page(text: str) -> str:
    """The page with today's table between its marks."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
