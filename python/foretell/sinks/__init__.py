"""Where rows go: Parquet, CSV and JSON Lines files that are whole or not there at all.

    with open_sink("parquet", "out/part-0.parquet", schema) as sink:
        for batch in batches:
            sink.write(batch)

Importing this loads neither numpy nor pyarrow.
"""

from foretell.sinks.sink import FORMATS, Sink, open_sink

__all__ = ["FORMATS", "Sink", "open_sink"]
