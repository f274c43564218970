"""The report of a probe, for people who look rather than read: one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bertolt.probing.record import ProbeFolder, load_probe
from bertolt.probing.results import Figure
from bertolt.probing.words import interval, sentences, shown
from bertolt.reports.page import page, paragraph, picture, section, table, write_page
from bertolt.reports.probe_pictures import controls_picture, layers_picture, mixing_picture
from bertolt.reports.report import REPORT

_MOST_LABELS = 30


def write_probe_report(probe: ProbeFolder) -> Path:
    """Writes ``report.html`` into a probe folder, with the tasks of the folders that it was told of.

    Returns:
        The file.

    Raises:
        FolderError: one of the other folders is no probe's.
        DiskError: it cannot be written; the probe folder is complete without it.
    """
    others = [load_probe(Path(folder)) for folder in probe.record.settings.get("beside", ())]
    file = probe.path / REPORT
    write_page(file, probe_html([probe, *others]))
    return file


def probe_html(probes: Sequence[ProbeFolder]) -> str:
    """The report as HTML.

    Args:
        probes: the first one's figures are shown in full; the others share the pictures.
    """
    first = probes[0]
    ordered = sorted(probes, key=_expected)
    lead = [sentence for probe in ordered for sentence in sentences(probe)]
    sections = [picture(found) for found in (layers_picture(ordered), mixing_picture(ordered))]
    sections += [picture(controls_picture(probe)) for probe in ordered]
    sections += [_figures(first), _code(first), _labels(first), _data(first)]
    return page(f"{first.record.model}: what can be read out of it", lead, sections)


def _expected(probe: ProbeFolder) -> tuple[float, str]:
    """The order of the pipeline; tasks without an expected layer come last."""
    found = probe.results.expected_layer
    layer = None if found is None else found.value
    return float("inf") if layer is None else layer, probe.record.edge_task


def _figures(probe: ProbeFolder) -> str:
    def cell(figure: Figure | None) -> str:
        return "" if figure is None else shown(figure)

    rows = [
        (
            each.name,
            interval(each.f1),
            "" if each.differential is None else interval(each.differential),
            cell(each.control),
            "" if each.selectivity is None else interval(each.selectivity),
            cell(each.random),
        )
        for each in probe.results.inputs
    ]
    head = ("read from", "micro-F1", "adds", "random labels", "selectivity", "random network")
    what = (
        "Each figure on the test part, with its 95% interval over texts. Selectivity is F1 less that on "
        "random labels (Hewitt & Liang 2019); what a mix adds is F1 less that of the mix before it."
    )
    mixes = [
        (str(each.seed), f"{each.f1:.4f}", f"{each.centre_of_gravity:.2f}", f"{each.divergence:.3f}")
        for each in probe.results.mixes
    ]
    titles = ("seed", "F1 of all layers mixed", "centre of gravity", "divergence from equal weights (bits)")
    official = [paragraph(f"{name}: {interval(each)}") for name, each in probe.results.official.items()]
    return section(
        f"Figures: {probe.record.edge_task}",
        paragraph(what),
        table(head, rows, numbers=(1, 2, 3, 4, 5)),
        table(titles, mixes, numbers=(1, 2, 3)),
        *official,
    )


def _code(probe: ProbeFolder) -> str:
    rows = [
        (each.name, f"{each.length:,.0f}", f"{each.length / each.targets:.3f}", f"{each.compression:.2f}")
        for each in probe.results.code
    ]
    head = ("read from", "bits", "bits a target", "compression")
    what = (
        "The labels of the training part as a code, block by block, each under a probe trained on those "
        "before (Voita & Titov 2020). Compression is how many times shorter it is than with equal "
        "probabilities."
    )
    return section("Description length", paragraph(what), table(head, rows, numbers=(1, 2, 3)))


def _labels(probe: ProbeFolder) -> str:
    found = probe.results.labels
    rows = [
        (each.name, f"{each.targets:,}", f"{each.best_layer:.3f}", f"{each.mix:.3f}")
        for each in found[:_MOST_LABELS]
    ]
    rest = len(found) - _MOST_LABELS
    more = [paragraph(f"The {rest} rarest labels are left out.")] if rest > 0 else []
    head = ("label", "targets", f"F1, {probe.results.best_layer}", "F1, all mixed")
    return section("By label", table(head, rows, numbers=(1, 2, 3)), *more)


def _data(probe: ProbeFolder) -> str:
    record = probe.record
    rows = [
        *((part, f"{record.texts[part]:,} texts, {record.targets[part]:,} targets") for part in record.texts),
        *((f"left out: {reason}", f"{count:,}") for reason, count in record.left_out.items()),
        ("seed", str(record.seed)),
        ("threads", str(record.threads)),
        ("versions", ", ".join(f"{name} {version}" for name, version in record.versions.items())),
    ]
    notes = [paragraph(note) for note in record.notes]
    return section("Where it comes from", table(("what", "value"), rows), *notes)
