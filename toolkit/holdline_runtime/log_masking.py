"""Keeps secrets out of log lines: a filter or a formatter for handlers of the standard `logging`."""

from __future__ import annotations

import logging

from holdline_runtime.scrubbing import scrub


class MaskingFilter(logging.Filter):
    """Replaces secrets in the message and the traceback of every record that passes; put it on handlers.

    On a logger it would see what is logged there, but not what is passed up from loggers below.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Scrub the record; it always passes."""
        record.msg = scrub(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:  # formatters use this text where there is one
            record.exc_text = scrub(record.exc_text)
        return True


class MaskingFormatter(logging.Formatter):
    """Scrubs what another formatter makes of a record, and leaves the record to other handlers as it is."""

    def __init__(self, inner: logging.Formatter | None) -> None:
        super().__init__()
        self._inner = inner or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback where there is one, without secrets."""
        return scrub(self._inner.format(record))
