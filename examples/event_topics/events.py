"""Made-up events: a seeded grammar of a few dozen kinds of events in eight languages.

    python examples/event_topics/events.py events --rows 20000 --seed 1

Each kind has its own words, so topics are really there to be found; and the data has what real feeds have:
duplicates, missing and empty texts, remains of HTML, wrongly decoded letters, control characters, and a
few descriptions without an end. The same seed gives the same events on every machine.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
LANGUAGES = {"en": 50, "de": 15, "fr": 11, "es": 11, "pt": 6, "ja": 3, "zh": 2, "hi": 2}
CITIES = {
    "en": ["Marrowick", "Fennport", "Ashby Hollow", "Lower Tarn"],
    "de": ["Lindenfurt", "Ostermühl", "Sankt Ovelin"],
    "fr": ["Valmornay", "Pont-Sureau", "Clairvigne"],
    "es": ["Villa Corriente", "Almendral Alto", "Puerto Sereno"],
    "pt": ["Ponte Alva", "Vila Serrana"],
    "ja": ["星川町", "青葉浜"],
    "zh": ["柳溪镇", "云桥"],
    "hi": ["नीलगाँव", "चंदनपुर"],
}
# {a}, {b}, {c} are words of the kind, {hour} an hour.
SENTENCES = {
    "en": [
        "Join us for {a} and {b}.",
        "Expect {a}, {b} and plenty of {c}.",
        "This month it is all about {a} and {b}.",
        "Bring a friend who likes {a}; we take care of {b}.",
        "No experience with {a} is needed.",
        "We begin with {a}, then move on to {b} and {c}.",
        "Afterwards there is time for {a} and for questions about {b}.",
        "Doors open at {hour}:30, and entry is free.",
        "Places are limited, so please sign up early.",
    ],
    "de": [
        "Wir laden ein zu {a} und {b}.",
        "Freuen Sie sich auf {a}, {b} und {c}.",
        "Diesmal geht es um {a} und {b}.",
        "Vorkenntnisse sind nicht nötig, {a} und {b} stellen wir vor.",
        "Zuerst {a}, danach {b} und {c}.",
        "Einlass ab {hour} Uhr, der Eintritt ist frei.",
        "Die Plätze sind begrenzt, bitte rechtzeitig anmelden.",
    ],
    "fr": [
        "Venez découvrir {a} et {b}.",
        "Au programme : {a}, {b} et {c}.",
        "Ce mois-ci, place à {a} et {b}.",
        "Débutants bienvenus : {a}, {b}, tout est expliqué.",
        "Ouverture des portes à {hour} h, entrée libre.",
        "Les places sont limitées, pensez à vous inscrire.",
    ],
    "es": [
        "Ven a disfrutar de {a} y {b}.",
        "Habrá {a}, {b} y mucho de {c}.",
        "Este mes hablamos de {a} y {b}.",
        "No hace falta experiencia: {a} y {b} para todos.",
        "Las puertas abren a las {hour}, entrada libre.",
        "Las plazas son limitadas, apúntate pronto.",
    ],
    "pt": [
        "Venha conhecer {a} e {b}.",
        "Vai haver {a}, {b} e muito de {c}.",
        "Este mês falamos de {a} e {b}.",
        "As portas abrem às {hour} horas, entrada livre.",
        "Os lugares são limitados, inscreva-se cedo.",
    ],
    "ja": [
        "{a}と{b}を楽しみましょう。",
        "今回は{a}、{b}、{c}を取り上げます。",
        "初心者も歓迎、{a}から始めます。",
        "開場は{hour}時、入場無料です。",
    ],
    "zh": [
        "欢迎一起体验{a}和{b}。",
        "本次活动有{a}、{b}和{c}。",
        "无需经验,我们从{a}开始。",
        "{hour}点开门,免费入场。",
    ],
    "hi": [
        "{a} और {b} के लिए हमारे साथ आइए।",
        "इस बार {a}, {b} और {c} पर ध्यान रहेगा।",
        "प्रवेश {hour} बजे से, निःशुल्क।",
    ],
}  # fmt: skip


class Kind(NamedTuple):
    name: str
    category: str
    titles: list[str]
    words: list[str]


@lru_cache(maxsize=1)
def kinds() -> dict[str, list[Kind]]:
    """The kinds of events by language."""
    found: dict[str, list[Kind]] = {language: [] for language in LANGUAGES}
    for line in Path(__file__).with_name("kinds.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            name, category, language, titles, words = (part.strip() for part in line.split("|"))
            kind = Kind(name, category, split(titles, "/"), split(words, ","))
            found[language].append(kind)
    return found


def split(text: str, at: str) -> list[str]:
    return [part.strip() for part in text.split(at)]


class Draw:
    """Choices that depend on the seed alone: only `random()` is the same in every version of Python."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed).random

    def below(self, n: int) -> int:
        return int(self.random() * n)

    def one(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def three(self, items: Sequence[T]) -> tuple[T, T, T]:
        """Three different ones."""
        n = len(items)
        first = self.below(n)
        second, third = self.below(n - 1), self.below(n - 2)
        third += third >= second
        return items[first], items[(first + 1 + second) % n], items[(first + 1 + third) % n]

    def chance(self, share: float) -> bool:
        return self.random() < share


def make_events(n: int, seed: int, since: datetime = FIRST_DAY) -> list[dict[str, Any]]:
    """``n`` events in the order of ``first_seen``, the first one seen just after ``since`` (aware).

    Keys: id, title, description, lang, category, city (str, or None where a feed may lack it), start and
    first_seen (aware datetimes in UTC).
    """
    draw = Draw(seed)
    languages = [language for language, weight in LANGUAGES.items() for _ in range(weight)]
    events: list[dict[str, Any]] = []
    seen = since.astimezone(UTC)
    for _ in range(n):
        seen += timedelta(seconds=1 + draw.below(120))
        if events and draw.chance(0.05):
            again = events[draw.below(len(events))]
            # Sent again as it is, or entered twice by two people.
            same = again["id"] if draw.chance(0.4) else identity(draw)
            events.append({**again, "id": same, "first_seen": seen})
            continue
        language = draw.one(languages)
        kind = draw.one(kinds()[language])
        day = (seen + timedelta(days=1 + draw.below(60))).replace(second=0, microsecond=0)
        events.append(
            {
                "id": identity(draw),
                "title": None if draw.chance(0.01) else draw.one(kind.titles),
                "description": spoil(draw, describe(draw, kind, language)),
                "lang": language,
                "category": None if draw.chance(0.3) else kind.category,
                "city": draw.one(CITIES[language]),
                "start": day.replace(hour=9 + draw.below(12), minute=15 * draw.below(4)),
                "first_seen": seen,
            }
        )
    return events


def identity(draw: Draw) -> str:
    return f"ev-{draw.below(1 << 48):012x}"


def describe(draw: Draw, kind: Kind, language: str) -> str:
    sentences = []
    for _ in range(2 + draw.below(5)):
        a, b, c = draw.three(kind.words)
        sentence = draw.one(SENTENCES[language])
        sentences.append(sentence.format(a=a, b=b, c=c, hour=9 + draw.below(12)))
    return ("" if language in ("ja", "zh") else " ").join(sentences)


def spoil(draw: Draw, text: str) -> str | None:
    """Mostly the text itself; sometimes what feeds make of it."""
    fate = draw.random()
    if fate < 0.04:
        return None
    if fate < 0.06:
        return ""
    if fate < 0.065:
        return " \n\t "
    if fate < 0.095:
        return "<p>" + text.replace(". ", ".<br />&nbsp;", 1) + '</p><div class="footer">&amp; more</div>'
    if fate < 0.11:
        return text.encode("utf-8").decode("latin-1")
    if fate < 0.12:
        middle = draw.below(len(text))
        return text[:middle] + "\x00\x07\x1b[0m\u200b\ufeff" + text[middle:] + "\r\n\x0b"
    if fate < 0.123:
        return " ".join([text] * (50 + draw.below(300)))
    return text


def write_events(
    folder: str | Path, n: int, seed: int, files: int = 4, since: datetime = FIRST_DAY
) -> list[Path]:
    """The events as Parquet files in ``folder`` (made when absent), in order; named by ``since`` and part."""
    import pyarrow as pa

    from foretell.sinks import open_sink

    time = pa.timestamp("us", "UTC")
    names = ["id", "title", "description", "lang", "category", "city"]
    schema = pa.schema([*((name, pa.string()) for name in names), ("start", time), ("first_seen", time)])
    events = make_events(n, seed, since)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for part in range(files):
        rows = events[n * part // files : n * (part + 1) // files]
        path = folder / f"events-{since:%Y%m%dT%H%M%S}-{part:02}.parquet"
        with open_sink("parquet", path, schema) as sink:
            sink.write(pa.RecordBatch.from_pylist(rows, schema))
        paths.append(path)
    return paths


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Writes made-up events as Parquet files.")
    parser.add_argument("folder")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument(
        "--since", type=datetime.fromisoformat, default=FIRST_DAY, help="2026-02-01T00:00:00Z"
    )
    given = parser.parse_args(arguments)
    since = given.since if given.since.tzinfo else given.since.replace(tzinfo=UTC)
    for path in write_events(given.folder, given.rows, given.seed, given.files, since):
        print(path)


if __name__ == "__main__":
    main()
