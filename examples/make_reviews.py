"""Makes examples/reviews.csv: 240 short made-up reviews, so that the README's commands have a file to read.

python examples/make_reviews.py
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

THINGS = ("film", "story", "script", "cast", "ending", "soundtrack", "sequel", "camera work", "first hour")
PRAISE = ("a delight", "moving and wise", "funnier than it has any right to be", "a small triumph")
PRAISE += ("worth every minute", "beautifully judged", "gripping to the last scene", "warm and generous")
BLAME = ("a bore", "flat and far too long", "a waste of a good idea", "badly judged")
BLAME += ("dull beyond belief", "a mess from start to finish", "clumsy and cold", "not worth the ticket")
FRAMES = ("The {thing} is {verdict}.", "I found the {thing} {verdict}.", "To me the {thing} was {verdict}!")
FRAMES += ("They say the {thing} is great; it is {verdict}.", "In short: the {thing}, {verdict}.")


def main() -> None:
    """Writes the file beside this one."""
    chance = random.Random(7)
    rows: list[tuple[str, str]] = []
    while len(rows) < 240:
        label = ("positive", "negative")[len(rows) % 2]
        verdict = chance.choice(PRAISE if label == "positive" else BLAME)
        text = chance.choice(FRAMES).format(thing=chance.choice(THINGS), verdict=verdict)
        if (text, label) not in rows:
            rows.append((text, label))
    path = Path(__file__).with_name("reviews.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("review", "sentiment"))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
