"""What happened, as JSON lines: on standard error for people, and on a file descriptor for programs."""

import contextlib
import json
import logging
import os
import sys
import time
from collections import deque
from typing import Any, TextIO

TOLD = {"listening", "rest", "ready", "settings_applied", "settings_refused"}
"""The events that go to the events descriptor."""
KEPT = 1000
"""Events remembered for the REST view."""


class Journal:
    """Records events in order. A reader who is slow loses events; the controller never waits."""

    def __init__(self, events_fd: int | None = None, stream: TextIO = sys.stderr) -> None:
        self.events: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._fd, self._stream = events_fd, stream
        if events_fd is not None:
            os.set_blocking(events_fd, False)

    def record(self, event: str, **facts: Any) -> None:
        self._write("info", event, facts)
        if self._fd is not None and event in TOLD:
            with contextlib.suppress(OSError):
                os.write(self._fd, (json.dumps({"event": event, **facts}) + "\n").encode())

    def error(self, event: str, **facts: Any) -> None:
        self._write("error", event, facts)

    def _write(self, level: str, event: str, facts: dict[str, Any]) -> None:
        entry = {"time": round(time.time(), 6), "level": level, "event": event, **facts}
        self.events.append(entry)
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(json.dumps(entry, default=str) + "\n")
            self._stream.flush()


class Handler(logging.Handler):
    """Enters what Ryu and its applications log by themselves."""

    def __init__(self, journal: Journal, level: int = logging.WARNING) -> None:
        super().__init__(level)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        facts = {"logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            facts["exception"] = logging.Formatter().formatException(record.exc_info)
        self._journal._write(record.levelname.lower(), "log", facts)
