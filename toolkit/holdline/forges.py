"""Opening pull requests through the forges' own command lines: `gh` for GitHub, `glab` for GitLab."""

from __future__ import annotations

import enum
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from holdline.branches import Request
from holdline.errors import HoldlineError
from holdline.gitremotes import redact

#: The short form that ssh takes: `user@host:path`, without a scheme.
_SCP = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/]+):(?P<path>(?!//).+)")


#: What forges call the states, all others being open ones.
_STATES = {"merged": "merged", "closed": "closed"}

_MARK = re.compile(r"<!-- holdline (\w+) -->")


class Forge(enum.StrEnum):
    """A forge, by the name of its command line."""

    GITHUB = "gh"
    GITLAB = "glab"


class Proposal(NamedTuple):
    """A pull request to be: from branch `head` into branch `base`. Its text should have a mark; see `mark`."""

    head: str
    base: str
    title: str
    text: str
    labels: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    draft: bool = False


class Host(NamedTuple):
    """Where the forge has the repository; both "" for a remote that is no host of its own."""

    name: str = ""
    path: str = ""


def mark(key: str) -> str:
    """A comment for the end of a text, by which we know which state of a branch the text is about."""
    return f"<!-- holdline {key} -->"


def choose_forge(asked: str | None, url: str) -> Forge:
    """The forge that was asked for, that the remote's address names, or whose command line is the only one here.

    Raises HoldlineError where that leaves none, or it is not installed.
    """
    host = locate(url).name
    installed = [forge for forge in Forge if shutil.which(forge)]
    if asked:
        chosen = [Forge(asked)]
    elif "github" in host or "gitlab" in host:
        chosen = [Forge.GITHUB if "github" in host else Forge.GITLAB]
    else:
        chosen = installed
    if len(chosen) != 1:
        found = "both gh and glab are" if chosen else "neither gh nor glab is"
        raise HoldlineError(f"--open-prs: {found} installed, and the remote's address names no forge: give --forge")
    if chosen[0] not in installed:
        raise HoldlineError(f"--open-prs needs {chosen[0]}: install it and run `{chosen[0]} auth login`")
    return chosen[0]


def locate(url: str) -> Host:
    """The host and the repository that an address names.

    >>> locate("git@github.com:org/name.git")
    Host(name='github.com', path='org/name')
    >>> locate("https://me:token@gitlab.example.com/group/sub/name")
    Host(name='gitlab.example.com', path='group/sub/name')
    >>> locate("/srv/git/name.git")
    Host(name='', path='')
    """
    if "://" in url:
        parts = urlsplit(url)
        if parts.scheme == "file" or not parts.hostname:
            return Host()
        return Host(parts.hostname, parts.path.strip("/").removesuffix(".git"))
    match = _SCP.fullmatch(url)
    return Host(match["host"], match["path"].strip("/").removesuffix(".git")) if match else Host()


class _Existing(NamedTuple):
    """A pull request that there is: open, closed or merged."""

    number: str
    url: str
    state: str
    text: str


class ForgeCommand:
    """A forge's command line, run in a repository's folder, for the repository that `url` names."""

    def __init__(self, forge: Forge, folder: Path, url: str) -> None:
        self._forge = forge
        self._folder = folder
        host = locate(url)
        self._where = ["--repo", _repository(forge, host)] if host.path else []

    def propose(self, proposal: Proposal) -> Request:
        """Open a pull request, unless one is open for the branch: that stays.

        It gets the new text if its own, by the mark that we left in it, is of an earlier state of the branch. Where the
        latest one was closed without a merge, somebody does not want it, and it is not opened again.
        """
        try:
            latest = self._find(proposal)
            if latest is None or latest.state == "merged":
                return Request(self._create(proposal), is_new=True)
            if latest.state == "closed":
                return Request(latest.url, is_closed=True)
            if _MARK.findall(latest.text) not in ([], _MARK.findall(proposal.text)):
                self._update(latest.number, proposal)
            return Request(latest.url)
        except HoldlineError as error:
            return Request("", problem=str(error))

    def _find(self, proposal: Proposal) -> _Existing | None:
        """The pull request of a branch that is open, or else the latest."""
        if self._forge is Forge.GITHUB:
            asked = ["pr", "list", "--state", "all", "--head", proposal.head, "--json", "number,url,state,body"]
            keys = ("number", "url", "state", "body")
        else:
            asked = ["mr", "list", "--all", "--source-branch", proposal.head, "--output", "json"]
            keys = ("iid", "web_url", "state", "description")
        output = self._run([*asked, *self._where])
        try:
            found = [_Existing(*(str(entry[key]) for key in keys)) for entry in json.loads(output or "[]")]
        except (ValueError, LookupError, TypeError):
            raise HoldlineError(f"{self._forge} {asked[0]} list: it printed no list") from None
        found = [f._replace(state=_STATES.get(f.state.lower(), "open")) for f in found]
        return max(found, key=lambda f: (f.state == "open", int(f.number)), default=None)

    def _create(self, proposal: Proposal) -> str:
        """Open it; its address."""
        reviewers = _reviewers(self._forge, proposal.owners)
        labels = [part for label in proposal.labels for part in ("--label", label)]
        asked = [part for reviewer in reviewers for part in ("--reviewer", reviewer)]
        more = [*labels, *asked, *(["--draft"] if proposal.draft else []), *self._where]
        if self._forge is Forge.GITHUB:
            command = ["pr", "create", "--head", proposal.head, "--base", proposal.base, "--title", proposal.title]
            output = self._run([*command, "--body-file", "-", *more], proposal.text)
        else:
            command = ["mr", "create", "--source-branch", proposal.head, "--target-branch", proposal.base, "--yes"]
            output = self._run([*command, "--title", proposal.title, "--description", proposal.text, *more])
        addresses = re.findall(r"https?://\S+", output)
        return addresses[-1] if addresses else ""

    def _update(self, which: str, proposal: Proposal) -> None:
        if self._forge is Forge.GITHUB:
            command = ["pr", "edit", which, "--title", proposal.title, "--body-file", "-"]
            self._run([*command, *self._where], proposal.text)
        else:
            command = ["mr", "update", which, "--title", proposal.title, "--description", proposal.text]
            self._run([*command, *self._where])

    def _run(self, arguments: Sequence[str], stdin: str = "") -> str:
        try:
            done = subprocess.run(
                [self._forge, *arguments],
                cwd=self._folder,
                input=stdin.encode(),
                capture_output=True,
                check=False,
            )
        except OSError as error:
            raise HoldlineError(f"{self._forge} cannot be run: {error.strerror}") from error
        if done.returncode:
            said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
            reason = next((line.strip() for line in said if line.strip()), f"exit status {done.returncode}")
            raise HoldlineError(f"{self._forge} {arguments[0]} {arguments[1]} failed: {redact(reason)}")
        return done.stdout.decode("utf-8", "replace")


def _repository(forge: Forge, host: Host) -> str:
    """What `--repo` takes; gh takes a host before the repository, glab an address."""
    if forge is Forge.GITHUB:
        return host.path if host.name == "github.com" else f"{host.name}/{host.path}"
    return f"https://{host.name}/{host.path}"


def _reviewers(forge: Forge, owners: Sequence[str]) -> list[str]:
    """Owners that can be asked for a review: users; on GitHub teams as well. Addresses cannot."""
    names = [owner[1:] for owner in owners if owner.startswith("@")]
    return names if forge is Forge.GITHUB else [name for name in names if "/" not in name]
