"""Path globs in the manner of `.gitignore`, matched against posix paths relative to the root.

`*`, `?` and `[...]` stay within one path component; `**` is a whole component and spans any number of them. A
pattern covers the whole path from the root. One that ends in a plain name, or in `/`, also covers everything
below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_WILDCARD = re.compile(r"[*?\[]")


class GlobSet:
    """Several globs as one matcher; immutable and picklable.

    Raises ValueError for a pattern that `validate` rejects.
    """

    __slots__ = ("_match", "patterns")

    def __init__(self, patterns: Sequence[str]) -> None:
        for pattern in patterns:
            if error := validate(pattern):
                raise ValueError(f"{pattern!r}: {error}")
        self.patterns = tuple(patterns)
        joined = "|".join(_translate(p) for p in self.patterns)
        self._match = re.compile(joined or r"(?!)", re.DOTALL).fullmatch

    def matches(self, path: str) -> bool:
        """Whether any of the globs covers `path` (relative, with `/`)."""
        return self._match(path) is not None

    def __reduce__(self) -> tuple[type[GlobSet], tuple[tuple[str, ...]]]:
        return GlobSet, (self.patterns,)


def validate(pattern: str) -> str | None:
    """What is wrong with a glob, in a few words; None for a good one."""
    if not pattern:
        return "the glob is empty"
    if "\\" in pattern:
        return "a glob uses '/' between names and has no backslash escapes (write '[*]' for a literal '*')"
    if pattern.startswith("/"):
        return "a glob is relative to the root: leave out the leading '/'"
    if pattern.startswith("!"):
        return "a glob cannot be negated with '!'"
    for component in pattern.removesuffix("/").split("/"):
        if error := _validate_component(component):
            return error
    return None


def _validate_component(component: str) -> str | None:
    if not component:
        return "'//' leaves a name empty"
    if component in {".", ".."}:
        return f"'{component}' is not allowed: a glob is relative to the root"
    if component == "**":
        return None
    for token in _tokens(component):
        if token == "[":
            return f"'[' has no closing ']' in '{component}'"
        if token == "**":
            return f"'**' must stand alone between slashes, not in '{component}'"
        if len(token) > 1 and (error := _validate_class(token)):
            return error
    return None


def _validate_class(token: str) -> str | None:
    if "[:" in token[1:]:
        return f"named classes such as '[:alpha:]' are not supported, in '{token}'"
    for low, high in _class_ranges(token)[1]:
        if low > high:
            return f"the range '{low}-{high}' in '{token}' is backwards"
    return None


def _tokens(component: str) -> Iterator[str]:
    """The component's literals, `?`, `*` and `[...]` one by one; `**` or a bare `[` where it is wrong."""
    at = 0
    while at < len(component):
        end = at + 1
        if component.startswith("**", at):
            end = at + 2
        elif component[at] == "[":
            # A `]` that comes first in a class is a member of it.
            members = at + 2 if component[at + 1 : at + 2] in {"!", "^"} else at + 1
            end = component.find("]", members + 1) + 1 or at + 1
        yield component[at:end]
        at = end


def _class_ranges(token: str) -> tuple[bool, list[tuple[str, str]]]:
    """Whether the class `[...]` is negated, and its members as ranges; a single one is a range of one."""
    members = token[1:-1]
    negated = members[0] in "!^"
    if negated:
        members = members[1:]
    ranges = []
    at = 0
    while at < len(members):
        is_range = members[at + 1 : at + 2] == "-" and at + 2 < len(members)
        ranges.append((members[at], members[at + 2] if is_range else members[at]))
        at += 3 if is_range else 1
    return negated, ranges


def _translate(pattern: str) -> str:
    """The pattern as a regular expression for `fullmatch`.

    Atomic groups keep it linear: after a star, the earliest place where the next part fits is always good
    enough, unless that part is the last and must reach the end.
    """
    *parents, last = pattern.removesuffix("/").split("/")
    runs: list[str] = [""]
    for component in parents:
        if component != "**":
            runs[-1] += _translate_component(component) + "/"
        elif len(runs) == 1 or runs[-1]:
            runs.append("")
    head, *rest = runs
    regex = head
    for index, run in enumerate(rest):
        regex += rf"(?>(?:[^/]+/)*?{run})" if index < len(rest) - 1 else rf"(?:[^/]+/)*{run}"
    regex += ".+" if last == "**" else _translate_component(last)
    if pattern.endswith("/"):
        return regex + "/.+"
    return regex if _WILDCARD.search(last) else regex + "(?:/.+)?"


def _translate_component(component: str) -> str:
    parts = [""]
    for token in _tokens(component):
        if token == "*":
            parts.append("")
        elif token == "?":
            parts[-1] += "[^/]"
        elif len(token) > 1:
            parts[-1] += _translate_class(token)
        else:
            parts[-1] += re.escape(token)
    first, *rest = parts
    regex = first
    for index, part in enumerate(rest):
        regex += rf"(?>[^/]*?{part})" if index < len(rest) - 1 else rf"[^/]*{part}"
    return regex


def _translate_class(token: str) -> str:
    negated, ranges = _class_ranges(token)
    members = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in ranges)
    # Even a negated class, or a range that spans it, does not match the separator.
    return f"(?!/)[{'^' if negated else ''}{members}]"
