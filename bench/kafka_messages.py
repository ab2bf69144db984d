"""Kafka messages into rows: ours against what is written by hand in a task of Spark, `json.loads` of each message and a
batch of the dicts.

    python bench/kafka_messages.py

Every event of community-calendar is a message; batches of 10,000, as Spark hands them over. CPU time of one thread.
Then the same with one message in a hundred that is no JSON, and with all messages spread over several lines.
"""

from __future__ import annotations

import json
import statistics

import pyarrow as pa

import foretell as ft
from corpora import rows
from measure import announce, cpu_seconds

COLUMNS = {"id": "string", "title": "string", "description": "string", "url": "string", "location": "string"}
BATCH = 10_000
PAIRS = 7


def batches(values: list[bytes]) -> list[pa.RecordBatch]:
    table = pa.table(
        {
            "key": pa.nulls(len(values), pa.binary()),
            "value": pa.array(values, pa.binary()),
            "topic": pa.repeat("events", len(values)),
            "partition": pa.repeat(pa.scalar(0, pa.int32()), len(values)),
            "offset": pa.array(range(len(values)), pa.int64()),
            "timestamp": pa.repeat(pa.scalar(0, pa.timestamp("us", "UTC")), len(values)),
        }
    )
    return table.to_batches(max_chunksize=BATCH)


def by_hand(given: list[pa.RecordBatch]) -> None:
    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    for batch in given:
        found = []
        for value in batch.column("value").to_pylist():
            try:
                row = json.loads(value)
            except ValueError:
                row = {}
            found.append({name: row.get(name) for name in COLUMNS})
        pa.RecordBatch.from_pylist(found, schema)


def main() -> None:
    announce(__doc__)
    decode = ft.kafka("broker:9092", "events", schema=COLUMNS).decoder()
    events = [
        {name: None if row.get(name) is None else str(row[name]) for name in COLUMNS}
        for row in rows("community-calendar")
    ]
    lines = [json.dumps(event, ensure_ascii=False).encode() for event in events]
    print(f"{len(lines):,} messages, {sum(map(len, lines)) / 1e6:.1f} MB")
    for what, values in {
        "all good": lines,
        "one in a hundred is no JSON": [
            b"garbage" if at % 100 == 50 else line for at, line in enumerate(lines)
        ],
        "spread over lines": [json.dumps(event, ensure_ascii=False, indent=1).encode() for event in events],
    }.items():
        given = batches(values)

        def ours(given: list[pa.RecordBatch] = given) -> None:
            for batch in given:
                decode(batch)

        ours(), by_hand(given)
        pairs = [(cpu_seconds(ours), cpu_seconds(lambda given=given: by_hand(given))) for _ in range(PAIRS)]
        for name, times in zip(("foretell", "by hand"), zip(*pairs, strict=True), strict=True):
            low, middle, high = (1e6 * f(times) / len(values) for f in (min, statistics.median, max))
            print(f"  {what:<30} {name:<10} {middle:6.2f} µs a message ({low:.2f} – {high:.2f})")
        print(f"  {what:<30} {statistics.median(b / a for a, b in pairs):.2f} × the peer's speed")


if __name__ == "__main__":
    main()
