"""Which of the changed files go into which branch; pure, and the same again when other files change.

Shards are named after directories or owners. A name has no slash in it, as git cannot have both a branch `…/tests` and
a branch `…/tests/auth`.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from holdline.priority import is_shared_fixture

ROOT = "root"
UNOWNED = "unowned"

#: A directory with fewer changed files than this part of the cap goes with its parent.
_SMALL = 10
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_PART = re.compile(r"(.+)\.part-(\d+)")
_LONGEST = 80


class Shard(NamedTuple):
    """The files of one branch, shared fixtures first; `after` names the shards whose fixtures they use."""

    name: str
    paths: tuple[str, ...]
    after: tuple[str, ...] = ()


def group_by_directory(paths: Iterable[str], cap: int) -> dict[str, list[str]]:
    """Name → files. A directory has its own files and those of small directories below it."""
    pools: dict[str, list[str]] = {}
    for path in paths:
        pools.setdefault(posixpath.dirname(path), []).append(path)
    for folder in sorted(_with_parents(pools), key=lambda f: f.count("/"), reverse=True):
        pool = pools.get(folder, [])
        if pool and "/" in folder and len(pool) * _SMALL < cap:
            pools.setdefault(posixpath.dirname(folder), []).extend(pools.pop(folder))
    return {directory_name(folder): pool for folder, pool in pools.items()}


def group_by_owner(paths: Iterable[str], owners: Callable[[str], Sequence[str]]) -> dict[str, list[str]]:
    """Name → files. Files of the same owners go together."""
    groups: dict[str, list[str]] = {}
    for path in paths:
        groups.setdefault(owner_name(owners(path)), []).append(path)
    return groups


def lay_out(groups: Mapping[str, Sequence[str]], known: Mapping[str, str], cap: int) -> list[Shard]:
    """Cut groups into shards of at most `cap` files.

    `known` says in which shard of an earlier run a file is: there it stays. A file that is new in a group goes to the
    first of the group's shards that has room. A group that is cut has its shared fixtures in the first part.
    """
    shards: dict[str, list[str]] = {}
    for group in groups.values():
        for path in group:
            if path in known:
                shards.setdefault(known[path], []).append(path)
    for name, group in sorted(groups.items()):
        fresh = sorted((p for p in group if p not in known), key=_fixtures_first)
        for member, paths in _distribute(name, fresh, shards, cap).items():
            shards.setdefault(member, []).extend(paths)
    return [Shard(name, tuple(sorted(paths, key=_fixtures_first))) for name, paths in shards.items()]


def in_order(shards: Iterable[Shard], rank: Mapping[str, int]) -> list[Shard]:
    """Shards in the order to merge them: shared fixtures before the files that use them, else the most urgent first.

    `rank` is each file's place in the priority order. Where shards wait for each other, the most urgent goes first.
    """
    waiting = {s.name: s for s in shards}
    urgency = {name: (min(rank[p] for p in s.paths), name) for name, s in waiting.items()}
    needs = _needs(waiting.values())
    done: list[Shard] = []
    while waiting:
        ready = [name for name in waiting if not needs[name] & waiting.keys()] or list(waiting)
        name = min(ready, key=urgency.__getitem__)
        after = tuple(s.name for s in done if s.name in needs[name])
        done.append(waiting.pop(name)._replace(after=after))
    return done


def is_of_group(shard: str, group: str) -> bool:
    """Whether a shard is the group of that name, or a part of it."""
    part = _PART.fullmatch(shard)
    return group == (part[1] if part else shard)


def directory_name(folder: str) -> str:
    """What the shard of a directory is called."""
    if not folder:
        return ROOT
    return _name(folder, folder.split("/"), taken=folder == ROOT)


def owner_name(owners: Sequence[str]) -> str:
    """What the shard of these owners is called."""
    if not owners:
        return UNOWNED
    parts = [owner.removeprefix("@").replace("/", "-") for owner in sorted(owners)]
    odd = any("@" in part for part in parts) or len(parts) > 1 or any("/" in o for o in owners)
    return _name(" ".join(sorted(owners)), parts, taken=odd or parts == [UNOWNED])


def _name(full: str, parts: Sequence[str], *, taken: bool) -> str:
    """The parts joined by dots; with a digest of the full name where another name might come out the same."""
    plain = all(_PLAIN.fullmatch(p) for p in parts) and not any(p.startswith("part-") for p in parts)
    name = ".".join(re.sub(r"[^A-Za-z0-9_-]", "_", part) for part in parts)
    if plain and not taken and len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(full.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{name[:_LONGEST]}.{digest}".lstrip("-.")


def _with_parents(folders: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for folder in folders:
        while folder and folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return found


def _distribute(name: str, fresh: Sequence[str], shards: Mapping[str, Sequence[str]], cap: int) -> dict[str, list[str]]:
    """Where the new files of a group go, whose shards, some of them, are there already."""
    if not fresh:
        return {}
    members = sorted((m for m in shards if is_of_group(m, name)), key=_part_number)
    if not members:
        count = -(-len(fresh) // cap)
        if count == 1:
            return {name: list(fresh)}
        size = -(-len(fresh) // count)
        return {f"{name}.part-{n + 1}": list(fresh[n * size : (n + 1) * size]) for n in range(count)}
    left = list(fresh)
    placed: dict[str, list[str]] = {}
    for member in members:
        room = max(0, cap - len(shards[member]))
        if room and left:
            placed[member], left = left[:room], left[room:]
    number = max(_part_number(m) for m in members)
    while left:
        number += 1
        placed[f"{name}.part-{number}"], left = left[:cap], left[cap:]
    return placed


def _part_number(shard: str) -> int:
    part = _PART.fullmatch(shard)
    return int(part[2]) if part else 1


def _fixtures_first(path: str) -> tuple[bool, int, str]:
    fixture = is_shared_fixture(path)
    return not fixture, path.count("/") if fixture else 0, path


def _needs(shards: Iterable[Shard]) -> dict[str, set[str]]:
    """Which other shards hold fixtures that a shard's files use, going by where they stand."""
    shards = list(shards)
    serving: dict[str, set[str]] = {}
    for shard in shards:
        for path in filter(is_shared_fixture, shard.paths):
            serving.setdefault(_served(path), set()).add(shard.name)
    needs = {}
    for shard in shards:
        above = _with_parents({posixpath.dirname(p) for p in shard.paths}) | {""}
        needs[shard.name] = {name for folder in above for name in serving.get(folder, ())} - {shard.name}
    return needs


def _served(fixture: str) -> str:
    """The folder below which a shared fixture is used: its own, or the one that holds its folder `fixtures`."""
    folders = fixture.split("/")[:-1]
    return "/".join(folders[: folders.index("fixtures")] if "fixtures" in folders else folders)
