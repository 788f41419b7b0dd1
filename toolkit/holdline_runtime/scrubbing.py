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
    from collections.abc import Iterable, Iterator

_SHORTEST = 4  # what is shorter occurs by chance all over a report
_RUN = 8  # characters in a row that give a secret away
_MOST = 10_000  # remembered secrets, the oldest go first

_remembered: dict[str, None] = {}


def remember_all() -> None:
    """From now on keep the sensitive values that the audit log meets: a report is made after the patch has ended."""
    masking.witness(_remember)


def forget() -> None:
    """End what `remember_all` began, and forget."""
    global _latest
    masking.witness(None)
    _remembered.clear()
    _latest = ((), _Secrets(()))


def scrub(text: str) -> str:
    """Return the text with every secret, and every telling part of one, replaced by the mask."""
    return _without(text, shapes.certain_spans(text) + _current().spans(text))


class _Secrets:
    """The secrets of one moment, arranged so that a text is gone through once, however many there are."""

    __slots__ = ("_heads", "_runs", "_short")

    def __init__(self, secrets: Iterable[str]) -> None:
        self._runs: set[str] = set()  # of long ones any part of that length is found
        self._heads: dict[str, list[str]] = {}  # the others by their beginning
        self._short: list[str] = []
        for secret in secrets:
            if len(secret) >= 2 * _RUN:
                self._runs.update(secret[at : at + _RUN] for at in range(len(secret) - _RUN + 1))
            elif len(secret) >= _RUN:
                self._heads.setdefault(secret[:_RUN], []).append(secret)
            else:
                self._short.append(secret)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return start and end of each occurrence in a text; they may overlap."""
        spans = [span for secret in self._short for span in _words(text, secret)]
        runs, heads = self._runs, self._heads
        if not runs and not heads:
            return spans
        for at in range(len(text) - _RUN + 1):
            piece = text[at : at + _RUN]
            if piece in runs:
                spans.append((at, at + _RUN))
            if piece in heads:
                spans += [(at, at + len(secret)) for secret in heads[piece] if text.startswith(secret, at)]
        return spans


# What the secrets were found in last, and they: hardly a line of a report differs from the one before in that.
_latest: tuple[object, _Secrets] = ((), _Secrets(()))


def _current() -> _Secrets:
    global _latest
    environ = os.environ  # holdline: allow[HL104] an overlay may hide a secret that code has read below it
    variables = (dict(environ), get_env().copy())
    state = (*variables, masking.declarations(), list(_remembered))
    if _latest[0] != state:
        found = dict.fromkeys(_remembered)
        for each in variables:
            for key, value in each.items():
                if isinstance(value, str) and masking.is_sensitive(key, value):
                    found.update(dict.fromkeys(_parts(key, value)))
        _latest = (state, _Secrets(found))
    return _latest[1]


def _remember(key: str, value: str) -> None:
    for part in _parts(key, value):
        _remembered[part] = None
    while len(_remembered) > _MOST:
        del _remembered[next(iter(_remembered))]


def _parts(key: str, value: str) -> Iterator[str]:
    """Yield what is secret of a sensitive value, as it may be written: the password of a URL, each line of a key."""
    whole = names.tells_secret(key, value) or masking.is_declared(key)
    spans = [] if whole else shapes.secret_spans(value)
    for start, end in spans or [(0, len(value))]:
        secret = value[start:end].strip()
        for part in {secret, repr(secret)[1:-1], *secret.splitlines()}:
            if len(part) >= _SHORTEST and not part.startswith("-----"):
                yield part


def _words(text: str, secret: str) -> Iterator[tuple[int, int]]:
    """Yield where a short secret stands by itself: as a part of a word it is there by chance."""
    at = text.find(secret)
    while at >= 0:
        end = at + len(secret)
        if not (_is_word(text[at - 1 : at]) or _is_word(text[end : end + 1])):
            yield at, end
        at = text.find(secret, end)


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
