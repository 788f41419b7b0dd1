"""Who owns a file, going by a CODEOWNERS file: GitHub's rules, and GitLab's with their sections."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from holdline.globs import GlobSet

#: Where each forge looks; the first file that is there counts.
GITHUB_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
GITLAB_PLACES = ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")

_SECTION = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?P<owners>(?:\s.*)?)$")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_BLANK = re.compile(r"(?<!\\)\s+")
_OWNER = re.compile(r"@\S+|[^@\s]+@[^@\s]+\.[^@\s]+")
_STARS = re.compile(r"\*{2,}")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line: what it covers, and the owners; a line without owners takes them away."""

    globs: GlobSet
    owners: tuple[str, ...]
    exempts: bool = False


class CodeOwners:
    """The owners that a CODEOWNERS file names.

    In each section (GitHub has just one) the last line that covers a file decides, and a file's owners are those of
    all sections. Lines that the forge could not make sense of count for nothing, as they do there.
    """

    def __init__(self, text: str = "", *, gitlab: bool = False) -> None:
        sections: dict[str, list[_Entry]] = {"": []}
        entries = sections[""]
        default: tuple[str, ...] = ()
        for line in text.splitlines():
            bare = line.strip()
            if gitlab and (heading := _SECTION.match(bare)):
                entries = sections.setdefault(heading["name"].strip().lower(), [])
                default = _owners(_COMMENT.sub("", heading["owners"]).split())
            elif entry := _entry(bare, default, gitlab):
                entries.append(entry)
        self._sections = tuple(tuple(reversed(found)) for found in sections.values())

    def owners(self, path: str) -> tuple[str, ...]:
        """The owners of a file, each once, as they are written (`@user`, `@org/team`, an address); none: nobody's."""
        found: list[str] = []
        for entries in self._sections:
            if any(e.exempts and e.globs.matches(path) for e in entries):
                continue
            found += next((e.owners for e in entries if e.globs.matches(path)), ())
        return tuple(dict.fromkeys(found))


def _entry(line: str, default: tuple[str, ...], gitlab: bool) -> _Entry | None:
    if not line or line.startswith("#"):
        return None
    pattern, *rest = _BLANK.split(_COMMENT.sub("", line).strip())
    exempts = gitlab and pattern.startswith("!")
    pattern = pattern.removeprefix("!") if exempts else pattern
    try:
        globs = GlobSet(tuple(_globs(re.sub(r"\\([ #])", r"\1", pattern), gitlab)))
    except ValueError:
        return None
    return _Entry(globs, _owners(rest) or default, exempts)


def _owners(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for word in words if _OWNER.fullmatch(word))


def _globs(pattern: str, gitlab: bool) -> Iterable[str]:
    """A pattern as globs of ours, from the root.

    On GitHub a pattern with a slash within stands at the root, as in `.gitignore`; on GitLab only one that begins with
    a slash does. Unlike there, `folder/*` covers just the files in the folder, on both.
    """
    name = pattern.strip("/")
    anchored = pattern.startswith("/") if gitlab else "/" in pattern.removesuffix("/")
    parts = [part if part == "**" else _STARS.sub("*", part) for part in name.split("/")]
    where = "/".join(parts)
    if not anchored and parts[0] != "**":
        where = f"**/{where}"
    if pattern.endswith("/"):
        yield f"{where}/"
        return
    yield where
    # a folder of that name means all that is in it
    if parts[-1] != "**" and (parts[-1] != "*" or parts == ["*"]):
        yield f"{where}/"
