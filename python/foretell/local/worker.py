"""One worker process: ``python -m foretell.local.worker DRIVER SOCKET HAND``
(a process id and two inherited descriptors).

It loads the version once, which is also the driver's proof that it can serve, then scores splits: reader,
``Map``, one part in staging. It is started by exec and not by fork, so it works from a notebook, a script and
``python3 -i`` alike.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from foretell.ending import end_process
from foretell.local.excluded import Excluded
from foretell.local.hand import OUT_OF_MEMORY, Hand
from foretell.local.mapping import map_split
from foretell.local.messages import Channel, Message, pack_error
from foretell.local.part import PartWriter
from foretell.local.planning import open_version, rows_schema

if TYPE_CHECKING:
    import pyarrow as pa

    from foretell import _core


class Holding:
    """Notes in a hand which rows of its split a call is about, and within it which row an item form is; and how
    long features took."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand
        self._out = Excluded({})
        self._shift = 0
        self._call = self._first = self._rows = 0
        self.features_ns = 0

    def begin(self, out: Excluded, first: int) -> None:
        """The next stream starts at the split's row ``first``, or the next that is not excluded."""
        self.features_ns = 0
        self._out, self._shift = out, first - len(out.within(0, first))

    def before_call(self, position: int, rows: int) -> None:
        self._call = position + self._shift
        self._first = self._out.place(self._call)
        self._rows = self._out.place(self._call + rows - 1) - self._first + 1
        self._hand.take(self._first, self._rows)

    def before_item(self, at: int | None) -> None:
        if at is None:
            self._hand.take(self._first, self._rows)
        elif self._out.why:
            self._hand.take(self._out.place(self._call + at), 1)
        else:
            self._hand.take(self._first + at, 1)

    def after_features(self, nanoseconds: int) -> None:
        self.features_ns += nanoseconds


class Worker:
    """What one process does; a message at a time."""

    def __init__(self, channel: Channel, hand: Hand) -> None:
        self._channel = channel
        self._hand = hand
        self._holding = Holding(hand)
        self._native: _core.Predictor
        self._options: dict[str, Any] = {}

    def serve(self) -> None:
        """Answers messages until the driver closes the socket."""
        while (message := self._channel.receive()) is not None:
            try:
                answer = getattr(self, f"on_{message.pop('do')}")(**message)
            except MemoryError:  # as if the system had ended this process for it: the rows stay in hand
                traceback.print_exc()
                os._exit(OUT_OF_MEMORY)
            except Exception as raised:
                self._hand.put_down()
                answer = {"did": "failed", "error": pack_error(raised)}
            if answer is not None:
                self._channel.send(answer)

    def on_load(self, store: str, name: str, version: int) -> Message:
        # Whether the store is trusted was decided by the driver, before it started this process.
        self._native = open_version(f"{name}@{version}", store, self._holding)
        return {"did": "load"}

    def on_open(self, options: dict[str, Any]) -> None:
        """What the splits have in common, known once the unit is pinned."""
        self._options = options

    def on_score(self, split: dict[str, Any], excluded: dict[str, list[str]]) -> Message:
        """Scores a split into its part: at most one file of rows and one of quarantine."""
        out = Excluded(excluded)
        rows = SplitRows(self._options["plan"], split)
        writer = PartWriter(self._options, split)
        try:
            with rows:
                self._map(rows.leaving_out(out, writer.quarantine_excluded), out, writer)
            return {"did": "score", "part": writer.close()}
        except BaseException:
            writer.discard()
            raise

    def on_probe(
        self, split: dict[str, Any], excluded: dict[str, list[str]], first: int, fine: int, fine_until: int
    ) -> Message:
        """Predicts the rows from ``first`` on and keeps nothing: calls of ``fine`` rows before ``fine_until``."""
        out = Excluded(excluded)
        with SplitRows(self._options["plan"], split) as rows:
            self._map(rows.from_row(out, first, fine, fine_until), out, None, first)
        return {"did": "probe"}

    def _map(
        self, batches: pa.RecordBatchReader, out: Excluded, writer: PartWriter | None, first: int = 0
    ) -> None:
        """Predicts ``batches``, whose first row is the split's row ``first`` or the next that is not excluded."""
        self._holding.begin(out, first)
        metrics = map_split(
            batches,
            self._native,
            self._options,
            writer,
            out.place,
            before_call=self._holding.before_call,
            before_batch=self._hand.put_down,
            wrote=lambda rows: self._channel.send({"did": "rows", "rows": rows}),
        )
        self._hand.put_down()
        if writer is not None:
            writer.count(metrics, self._holding.features_ns)


class SplitRows:
    """The rows of one split. Within ``with`` an exception of the reader comes out as it was raised: an Arrow
    stream would only pass its text on."""

    def __init__(self, plan: dict[str, Any], split: dict[str, Any]) -> None:
        from foretell.sources import read_split

        self._schema = rows_schema(plan)
        self._batches = iter(()) if split["rows"] == 0 else read_split(plan, split, self._schema.names)
        self._error: BaseException | None = None

    def __enter__(self) -> SplitRows:
        return self

    def __exit__(self, kind: object, raised: BaseException | None, trace: object) -> None:
        if raised is not None and self._error is not None and raised is not self._error:
            raise self._error

    def all(self) -> pa.RecordBatchReader:
        """All rows."""
        return self._reader(iter(self._batches))

    def leaving_out(
        self, out: Excluded, excluded: Callable[[int, pa.RecordBatch, str, str], None]
    ) -> pa.RecordBatchReader:
        """All rows but the excluded ones, each of which ``excluded`` gets, with the reason."""
        return self._reader(out.leave_out(self._batches, excluded))

    def from_row(self, out: Excluded, first: int, fine: int, fine_until: int) -> pa.RecordBatchReader:
        """The rows from ``first`` on but the excluded ones, cut fine before ``fine_until``."""

        def rows() -> Iterator[pa.RecordBatch]:
            start = 0
            for batch in self._batches:
                end = start + batch.num_rows
                cursor = max(first, start)
                for stop in [*out.within(start, end), end]:
                    while cursor < stop:
                        until = min(stop, cursor + fine) if cursor < fine_until else stop
                        yield batch.slice(cursor - start, until - cursor)
                        cursor = until
                    cursor = max(cursor, stop + 1)
                start = end

        return self._reader(rows())

    def _reader(self, batches: Iterator[pa.RecordBatch]) -> pa.RecordBatchReader:
        import pyarrow as pa

        def watched() -> Iterator[pa.RecordBatch]:
            try:
                yield from batches
            except BaseException as raised:
                self._error = raised
                raise

        return pa.RecordBatchReader.from_batches(self._schema, watched())


def end_with(driver: int) -> None:
    """Has the kernel kill this process when its driver ends, however that ends and whatever this is at."""
    set_parent_death_signal = 1
    ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != driver:  # it ended before this was asked for
        os._exit(1)


def take_along() -> None:
    """Has all that this process starts end with it, however it ends.

    A process of its group waits for that, and kills the group. As long as it is in there, no other group can
    get the number. What has left the group, by a session of its own, stays.
    """
    if os.getpgrp() != os.getpid():  # the group is not this process's own
        return
    try:
        ended = os.pidfd_open(os.getpid())
    except OSError:  # forbidden by a container: the driver kills the group unless it is killed itself
        return
    middle = os.fork()
    if middle:  # nobody's child in the end: user code may wait for all of its own
        os.waitpid(middle, 0)
        os.close(ended)
        return
    try:
        if os.fork() == 0:
            os.closerange(0, ended)
            os.closerange(ended + 1, max(map(int, os.listdir("/proc/self/fd"))) + 1)
            waiting = select.poll()
            waiting.register(ended, select.POLLIN)
            waiting.poll()
            os.killpg(0, signal.SIGKILL)
    finally:
        os._exit(0)


def main(arguments: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver decides what Ctrl-C means
    driver, control, descriptor = map(int, arguments)
    end_with(driver)
    take_along()
    Worker(Channel(socket.socket(fileno=control)), Hand(descriptor)).serve()
    end_process()


if __name__ == "__main__":
    main(sys.argv[1:])
