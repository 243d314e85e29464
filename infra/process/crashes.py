"""The last resort: a mistake that nothing expected is a line of the log, without secrets, and one sentence for people.

Python's own hooks print a traceback as it is, and the text of an error may repeat whatever the process knew.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import TracebackType

import structlog

from infra.process.first import LastWords

log = structlog.get_logger()
SENTENCE = "everytap ended by a mistake of its own ({}): the line `crashed` of its log says where."


def tell_crashes(say: Callable[[str], None]) -> None:
    """Have every error that reaches an end of Python told so from here on: of the process, a thread, a destructor."""

    def crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            _tell(kind, error, trace)
            say(SENTENCE.format(kind.__name__))

    LastWords.tell = staticmethod(crash)
    threading.excepthook = lambda of: _tell(of.exc_type, of.exc_value, of.exc_traceback)
    sys.unraisablehook = lambda of: _tell(of.exc_type, of.exc_value, of.exc_traceback)


def _tell(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    log.critical("crashed", exc_info=(kind, error or kind(), trace))
