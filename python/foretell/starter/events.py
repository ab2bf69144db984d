"""Made-up events for a new project: the same on every machine."""

from __future__ import annotations

import json
import random

ROWS = 400
SEED = 1

_KINDS = {
    "music": "concert jazz guitar band orchestra choir drums trumpet songs stage piano melody",
    "food": "market cooking bread cheese tasting kitchen wine recipes harvest baking spices dinner",
    "sport": "running football climbing tournament training cycling race fitness team swimming match yoga",
    "books": "reading novel poetry author library story writing literature signing chapter essay review",
    "code": "python software database hacking server workshop compiler network testing linux data robots",
    "plants": "garden seeds flowers trees compost pruning greenhouse herbs soil botany bees orchard",
}
_PLACES = ["Marrowick", "Fennport", "Ashby", "Tarn", "Lindenfurt", "Valmornay"]
_TITLES = ("{a} and {b} in {place}", "An evening of {a}", "{a}, {b} and {c}", "{place}: {a} for all")
_SENTENCES = (
    "Join us for {a} and {b}.",
    "Expect {a}, {b} and plenty of {c}.",
    "No experience with {a} is needed.",
    "We begin with {a}, then move on to {b} and {c}.",
    "Bring a friend who likes {a}; we take care of {b}.",
)


def events_jsonl(rows: int = ROWS, seed: int = SEED) -> str:
    """JSON Lines: id, title, description, kind. Some have no description, a few neither that nor a title."""
    return "".join(json.dumps(event) + "\n" for event in _events(rows, seed))


def _events(rows: int, seed: int) -> list[dict[str, str | None]]:
    draw = random.Random(seed)
    found = []
    for number in range(rows):
        kind = draw.choice(list(_KINDS))
        words = _KINDS[kind].split()

        def fill(pattern: str, words: list[str] = words) -> str:
            a, b, c = draw.sample(words, 3)
            return pattern.format(a=a, b=b, c=c, place=draw.choice(_PLACES))

        title = fill(draw.choice(_TITLES))
        description = " ".join(fill(sentence) for sentence in draw.sample(_SENTENCES, 3))
        event: dict[str, str | None] = {
            "id": f"event-{number:04}",
            "title": title[:1].upper() + title[1:],
            "description": None if draw.random() < 0.05 else description,
            "kind": kind,
        }
        if number % 150 == 99:  # as in real feeds
            event["title"] = event["description"] = None
        found.append(event)
    return found
