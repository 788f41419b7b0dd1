"""Text from a repository, made safe to show."""

from __future__ import annotations

_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def printable(text: str, keep: str = "") -> str:
    r"""`text` with every character that could steer a terminal or hide itself as a visible escape.

    That covers control characters, direction and other format characters, odd blanks, and undecodable bytes,
    which are expected as surrogate escapes and shown as the byte they stand for. Characters in `keep` stay.

    >>> printable("a\x1b[31m\nb\udce9 é")
    'a\\x1b[31m\\nb\\xe9 é'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keep else _escape(char) for char in text)


def _escape(char: str) -> str:
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
