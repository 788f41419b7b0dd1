"""The same program in other bytes: encodings, byte-order marks, line endings, tabs, form feeds."""

from __future__ import annotations

import re
from random import Random

NEWLINES = ("\n", "\r\n", "\r")
ENCODINGS = (
    ("utf-8", ""),
    ("utf-8", "x = '日本 🐍'\n"),
    ("utf-8-sig", "# naïve\n"),
    ("utf-8-sig", ""),
    ("latin-1", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
    ("cp1252", "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '“é”'\n"),
    ("euc-jp", "# coding: euc-jp\nx = '日本'\n"),
)
_FUTURE = re.compile(r"^from __future__", re.MULTILINE)


def random_layout(random: Random, text: str) -> bytes:
    """The program behind an encoding's declaration, in a layout."""
    encoding, head = random.choice(ENCODINGS)
    if _FUTURE.search(text):
        head = head.replace("x = ", "# ")  # nothing may stand before it
    return layout(random, head + text, encoding)


def layout(random: Random, text: str, encoding: str) -> bytes:
    """The text with other line endings, in an encoding, perhaps with form feeds, tabs and no last line ending."""
    if random.random() < 0.2:
        text = text.replace("\n\n", "\n\x0c\n", 1)
    if random.random() < 0.2:
        text = text.replace("    ", "\t")
    if random.random() < 0.2:
        text = text.rstrip("\n")
    if random.random() < 0.1:
        text = text.replace("\n", "  \n")
    if random.random() < 0.1 and not text.startswith("#!"):
        text = random.choice(("\x0c", "\n")) + text  # a declaration of the encoding may stand on the second line
    if random.random() < 0.2:
        text = re.sub("\n", lambda m: random.choice(NEWLINES), text)
    else:
        text = text.replace("\n", random.choice(NEWLINES))
    return text.encode(encoding, errors="replace")
