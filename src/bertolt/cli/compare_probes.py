"""``bertolt compare`` of two probe folders: what changed, layer by layer."""

from __future__ import annotations

import sys
from pathlib import Path

from bertolt.cli.output import print_json, print_table
from bertolt.errors import InputError
from bertolt.wording import counted


def are_probes(folder_a: str, folder_b: str, data: str | None) -> bool:
    """Whether both folders are probes'.

    Raises:
        InputError: one of them alone is, or DATA is given.
    """
    from bertolt.probing.record import is_probe

    probes = [is_probe(Path(folder)) for folder in (folder_a, folder_b)]
    if not any(probes):
        return False
    if not all(probes):
        raise InputError(
            "two model folders or two probe folders",
            "one of each",
            "probe the other model as well: bertolt probe MODEL DATA --edge-task T --out DIR",
        )
    if data is not None:
        raise InputError(
            "two probe folders without DATA", data, "leave it out: probes keep what they were measured on"
        )
    return True


def show_probes(folder_a: str, folder_b: str, *, as_json: bool) -> None:
    """Compares two probes and prints the outcome."""
    from bertolt.probing.compare import compare_probes
    from bertolt.probing.words import shown

    found = compare_probes(Path(folder_a), Path(folder_b))
    if as_json:
        print_json(found.to_dict())
        return
    out = sys.stdout
    out.write(
        f"{found.task} on {counted(found.n, 'text')}, micro-F1, with 95% intervals of the difference:\n"
    )
    rows: list[tuple[str, ...]] = [("read from", "A", "B", "B - A", "low", "high")]
    for each in found.inputs:
        d = each.difference
        rows.append((each.name, shown(each.a), shown(each.b), *map(_number, (d.value, d.low, d.high))))
    print_table(rows, right=(1, 2, 3, 4, 5), indent=2)
    if found.expected_layer is not None:
        d = found.expected_layer
        out.write(f"\nexpected layer, B - A: {d.value:+.2f} ({d.low:+.2f} to {d.high:+.2f})\n")
    out.write(f"centre of gravity of the mixing weights: A {found.centre[0]:.2f}, B {found.centre[1]:.2f}\n")
    out.write(f"\n{found.verdict}\nA is {folder_a} ({found.a}), B is {folder_b} ({found.b})\n")


def _number(value: float) -> str:
    return "undefined" if value != value else f"{value:+.4f}"
