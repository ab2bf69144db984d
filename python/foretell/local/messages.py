"""JSON, a line each, over the socket between a driver and one worker. User code may print; it never comes here."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

from foretell.error import Error, error, from_system

Message = dict[str, Any]


class Channel:
    """One end. ``send`` from any thread at a time; ``receive`` blocks, ``arrived`` does not."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._rest = b""

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, message: Message) -> None:
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def receive(self) -> Message | None:
        """The next message; nothing when the other end is gone."""
        while b"\n" not in self._rest:
            try:
                more = self._socket.recv(1 << 20)
            except ConnectionResetError:
                return None
            if not more:
                return None
            self._rest += more
        line, self._rest = self._rest.split(b"\n", 1)
        message: Message = json.loads(line)
        return message

    def arrived(self) -> Iterator[Message]:
        """The whole messages that are there, without waiting; none once the other end is gone."""
        while True:
            try:
                more = self._socket.recv(1 << 20, socket.MSG_DONTWAIT)
            except (BlockingIOError, ConnectionResetError):
                break
            if not more:
                break
            self._rest += more
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            yield json.loads(line)

    def close(self) -> None:
        self._socket.close()


def pack_error(raised: BaseException) -> Message:
    """An exception as a message; a foretell error keeps its code."""
    if isinstance(raised, OSError) and not isinstance(raised, Error):
        raised = from_system(raised)
    if isinstance(raised, Error):
        return {"code": raised.code, "message": raised.message, "hint": raised.hint}
    return {"code": "FT0905", "message": f"{type(raised).__name__}: {raised}", "hint": ""}


def unpack_error(message: Message) -> Error:
    return error(message["code"], message["message"], message["hint"])
