"""Makes the tables of the README and of the pages out of benchmarks/results, between their markers.

python -m benchmarks.tables            # rewrites the pages
python -m benchmarks.tables --check    # exits 1 where a page is not what the results say

A part stays as it is, which is said, while a study that it is made of has no results.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tables import adapt, engine, grading, probing, speed, tasks, trust, unlabelled
from benchmarks.tables.cells import RESULTS, ROOT, Cells, cells

BEGIN, END = "<!-- results{name}: begin -->\n", "<!-- results{name}: end -->"


@dataclass(frozen=True, slots=True)
class Part:
    """What stands between two markers of a page.

    Args:
        page: its file, from the root.
        name: in the markers, after a blank; empty where the page has one part.
        studies: that it is made of.
        make: lines of Markdown out of the cells of each study, in that order.
    """

    page: str
    name: str
    studies: tuple[str, ...]
    make: Callable[..., list[str]]


def readme(study: Cells, accuracy: Cells) -> list[str]:
    """The README's figures."""
    machine = next(iter(study.values()))
    where = f"{machine['cores']} cores ({machine['processor']})"
    intro = f"Measured on {where}; ratios travel, seconds do not."
    return [intro, "", *speed.speed(study), *speed.accuracy(study), *tasks.tasks(accuracy)]


PARTS = (
    Part("README.md", "", ("speed-fp32", "tasks-accuracy"), readme),
    Part("README.md", " encoders", ("speed-base",), speed.encoders),
    Part("README.md", " engine", ("speed-engine",), engine.ratios),
    Part("docs/speed.md", "", ("speed-engine",), engine.engine),
    Part("docs/measured.md", " tasks", ("tasks-accuracy",), tasks.tasks),
    Part("docs/measured.md", " paired", ("tasks-paired",), tasks.task_pairs),
    Part("docs/measured.md", " tasks-speed", ("tasks-speed",), speed.task_speed),
    Part("docs/explain.md", "", ("explain-agreement",), tasks.agreement),
    Part("docs/serve.md", "", ("serving-capacity", "serving-load"), speed.serving),
    Part("docs/trust.md", " long", ("trust-long-documents", "trust-paired"), trust.long_documents),
    Part("docs/trust.md", " checks", ("trust-checks",), trust.check_cost),
    Part("docs/trust.md", " defaults", ("trust-defaults",), trust.defaults),
    Part("docs/probing.md", "", ("probing-layers",), probing.probing),
    Part("docs/adapt.md", " reading", ("adapt-reading",), adapt.adapt),
    Part("docs/adapt.md", " gain", ("adapt-gain", "adapt-paired"), adapt.gain),
    Part("docs/unlabelled.md", " unlabelled", ("unlabelled-reviews",), unlabelled.reviews),
    Part("docs/grading.md", " order", ("grading-order",), grading.order),
    Part("docs/grading.md", " order-paired", ("grading-paired",), grading.order_pairs),
    Part("docs/grading.md", " sentences", ("grading-sentences",), grading.sentences),
    Part("docs/grading.md", " acceptable", ("grading-sentences", "grading-paired"), grading.acceptable),
)


def rewritten(page: str, part: Part, results: Path) -> str:
    """The text of a page with one part made anew; as it was while a study of the part has no results."""
    studies = [cells(study, results) for study in part.studies]
    missing = [name for name, found in zip(part.studies, studies, strict=True) if not found]
    if missing:
        left = f"{part.page}{part.name}" if part.name else part.page
        print(f"left as it is: {left}, for want of {', '.join(missing)}", file=sys.stderr)
        return page
    begin, end = BEGIN.format(name=part.name), END.format(name=part.name)
    start, rest = page.split(begin)
    lines = "\n".join(part.make(*studies)).rstrip()
    return start + begin + lines + "\n" + end + rest.split(end, 1)[1]


def main() -> int:
    """Rewrites or checks the pages.

    Returns:
        The exit code: 1 where ``--check`` finds a page that is not what the results say.
    """
    changed = False
    for part in PARTS:
        file = ROOT / part.page
        old = file.read_text(encoding="utf-8")
        new = rewritten(old, part, RESULTS)
        changed = changed or new != old
        if "--check" not in sys.argv:
            file.write_text(new, encoding="utf-8")
    return int(changed and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
