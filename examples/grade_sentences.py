"""Writes what a model says of twenty sentences into docs/grading.md, between its markers.

    python examples/grade_sentences.py MODEL [--page docs/grading.md]

MODEL is a folder of the task sentence-grading. The sentences are of this file, four for each grade; none is
from the sets that the model learns from. Two each of the false, somewhat true and true ones have a context.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import bertolt
from bertolt.inference.pipeline import Pipeline
from bertolt.reports.words import claims_sentence
from bertolt.results import Grade

BEGIN, END = "<!-- twenty sentences: begin -->\n", "<!-- twenty sentences: end -->"
GRADES = ("not grammatical", "grammatical", "false", "somewhat true", "true")

#: What each is meant to be, its context, and the sentence.
SENTENCES: tuple[tuple[int, str, str], ...] = (
    (0, "", "The book was put by Mary the table on."),
    (0, "", "Him wanted to left early."),
    (0, "", "She asked what did he buy it."),
    (0, "", "John seems that is happy."),
    (1, "", "The keys are somewhere in the kitchen."),
    (1, "", "He promised to call her after lunch."),
    (1, "", "Blue is a better colour than green."),
    (1, "", "Next winter will be colder than this one."),
    (2, "", "The Moon is larger than the Earth."),
    (2, "", "Shakespeare was born in Madrid."),
    (2, "A man is asleep on a sofa.", "The man is running a marathon."),
    (2, "A girl eats an apple in the garden.", "Nobody is in the garden."),
    (3, "", "Almost all birds can fly."),
    (3, "", "Coffee keeps people awake."),
    (3, "A woman carries an umbrella.", "It is raining."),
    (3, "Two boys shout at each other.", "The boys are brothers."),
    (4, "", "Paris is the capital of France."),
    (4, "", "Water boils when it is heated enough."),
    (4, "Three dogs run along a beach.", "There are animals on the beach."),
    (4, "A man plays the piano on a stage.", "Someone is playing an instrument."),
)


def answers(pipeline: Pipeline) -> list[Grade]:
    """The grade of each sentence."""
    inputs = [{"text": text, "context": context} for _, context, text in SENTENCES]
    found = [result for result in pipeline(inputs) if isinstance(result, Grade)]
    if len(found) < len(SENTENCES) or tuple(found[0].probabilities) != GRADES:
        raise SystemExit("error: expected a model of the five grades; name a folder of sentence-grading")
    return found


def table(likeliest: Sequence[Grade], given: Sequence[Grade]) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield "| sentence | meant | likeliest | the pipeline answers | acceptable | verifiable |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for (meant, context, text), first, answer in zip(SENTENCES, likeliest, given, strict=True):
        shown = f"({context}) {text}" if context else text
        acceptable, verifiable = (first.judgements[name] for name in ("acceptable", "verifiable"))
        yield (
            f"| {shown} | {meant} {GRADES[meant]} | {first.grade} {first.name}, {first.score:.2f} | "
            f"{answer.grade} {answer.name} | {acceptable:.2f} | {verifiable:.2f} |"
        )


def coverage(pipeline: Pipeline) -> str:
    """What validation says of grades 2 and 4."""
    choices = pipeline.model.spec.choices
    if "claims_coverage" not in choices:
        return "The model has seen too little validation data to say when grades 2 and 4 are right."
    share = choices["claims_coverage"]
    found = (share, choices["abstain_below"]) if share else None
    return f"On validation: {claims_sentence((GRADES[2], GRADES[4]), found)}"


def section(pipeline: Pipeline) -> str:
    """All that stands between the markers."""
    given, likeliest = answers(pipeline), answers(pipeline.abstaining(0.0))
    hits = [
        sum(each.grade == meant for each, (meant, _, _) in zip(found, SENTENCES, strict=True))
        for found in (likeliest, given)
    ]
    lines = [
        coverage(pipeline),
        "",
        *table(likeliest, given),
        "",
        f"As meant: {hits[0]} of {len(SENTENCES)} by the likeliest grade, {hits[1]} as the pipeline answers.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", help="model folder")
    parser.add_argument("--page", type=Path, default=Path(__file__).parents[1] / "docs" / "grading.md")
    options = parser.parse_args()
    text = options.page.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise SystemExit(f"error: expected one pair of markers in {options.page}")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    new = section(bertolt.pipeline(options.model, device="cpu"))
    options.page.write_text(before + BEGIN + new + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
