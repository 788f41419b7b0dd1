"""Takes secrets out of text that is about to be shown: a report, a log line.

Two sources say what a secret is: the sensitive variables, as they are and as they have been since `remember_all`, and
shapes that are credentials wherever they stand. Parts of a secret count too, since reports cut long text and show
what differs: any eight characters in a row of a longer secret are taken out.
"""

from __future__ import annotations

import os

from holdline_runtime import masking, names, shapes
from holdline_runtime.environment import get_env

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SHORTEST = 4  # what is shorter occurs by chance all over a report
_RUN = 8  # characters in a row that give a secret away
_MOST = 10_000  # remembered secrets, the oldest go first

_remembered: dict[str, None] = {}


def remember_all() -> None:
    """From now on keep the sensitive values that the audit log meets: a report is made after the patch has ended."""
    masking.witness(_remember)


def forget() -> None:
    """End what `remember_all` began, and forget."""
    masking.witness(None)
    _remembered.clear()


def scrub(text: str) -> str:
    """Return the text with every secret, and every telling part of one, replaced by the mask."""
    spans = shapes.certain_spans(text)
    for secret in _secrets():
        spans += _occurrences(text, secret)
    return _without(text, spans)


def _remember(key: str, value: str) -> None:
    for part in _parts(key, value):
        _remembered[part] = None
    while len(_remembered) > _MOST:
        del _remembered[next(iter(_remembered))]


def _secrets() -> list[str]:
    found = dict.fromkeys(_remembered)
    environ = os.environ  # holdline: allow[HL104] an overlay may hide a secret that code has read below it
    for variables in (environ, get_env()):
        for key, value in variables.items():
            if isinstance(value, str) and masking.is_sensitive(key, value):
                found.update(dict.fromkeys(_parts(key, value)))
    return list(found)


def _parts(key: str, value: str) -> Iterator[str]:
    """Yield what is secret of a sensitive value, as it may be written: the password of a URL, each line of a key."""
    whole = names.tells_secret(key, value) or masking.is_declared(key)
    spans = [] if whole else shapes.secret_spans(value)
    for start, end in spans or [(0, len(value))]:
        secret = value[start:end].strip()
        for part in {secret, repr(secret)[1:-1], *secret.splitlines()}:
            if len(part) >= _SHORTEST and not part.startswith("-----"):
                yield part


def _occurrences(text: str, secret: str) -> list[tuple[int, int]]:
    if len(secret) >= 2 * _RUN:
        runs = {secret[at : at + _RUN] for at in range(len(secret) - _RUN + 1)}
        return [(at, at + _RUN) for at in range(len(text) - _RUN + 1) if text[at : at + _RUN] in runs]
    spans = []
    at = text.find(secret)
    while at >= 0:
        end = at + len(secret)
        if len(secret) >= _RUN or not (_is_word(text[at - 1 : at]) or _is_word(text[end : end + 1])):
            spans.append((at, end))
        at = text.find(secret, end)
    return spans


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    shown = 0  # up to here the text has been dealt with
    for start, end in sorted(spans):
        if start > shown or not pieces:
            pieces += [text[shown:start], masking.MASK]
        shown = max(shown, end)
    return "".join([*pieces, text[shown:]])
