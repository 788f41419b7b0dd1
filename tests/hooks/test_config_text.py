"""The text of `.pre-commit-config.yaml`: one entry more, and every other byte as it was."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from holdline.errors import HoldlineError
from holdline_hooks.config_file import with_entry
from holdline_hooks.config_text import block, hook_entry, hooks_in, insert, take_out
from holdline_hooks.script import Hook

BOTH = tuple(Hook)

USUAL = """\
# what we check
default_stages: [pre-commit]
repos:
  - repo: https://github.com/pre-commit/pre-commit-hooks
    rev: v5.0.0  # pinned
    hooks:
      - id: end-of-file-fixer

  - repo: local
    hooks:
      - id: mine
        name: mine
        entry: ./mine
        language: system
        # exclude: old

# for pre-commit.ci
ci:
  autofix_prs: false
"""

WITH_ENTRY = USUAL.replace(
    "        # exclude: old\n",
    """\
        # exclude: old
  - repo: local
    hooks:
      - id: holdline-check
        name: holdline check
        entry: holdline check
        language: system
        pass_filenames: false
        always_run: true
        stages: [pre-commit]
      - id: holdline-pre-push
        name: holdline check what is pushed
        entry: holdline check --pre-push
        language: system
        pass_filenames: false
        always_run: true
        stages: [pre-push]
""",
)


def test_the_entry_goes_behind_the_last_one() -> None:
    assert with_entry(USUAL, BOTH)[0] == WITH_ENTRY


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("repos:\n- repo: meta\n  hooks:\n  - id: identity\n", "- repo: local\n  hooks:\n  - id: holdline-check\n"),
        (
            "repos:\n-   repo: meta\n    hooks:\n    -   id: x\n",
            "-   repo: local\n    hooks:\n    -   id: holdline-check\n",
        ),
        (
            "repos:\n  -  repo: meta\n     hooks: [{id: x}]\n",
            "  -  repo: local\n     hooks:\n       - id: holdline-check\n",
        ),
        ("repos:\n - hooks:\n    - id: x\n   repo: meta\n", " - repo: local\n   hooks:\n    - id: holdline-check\n"),
    ],
)
def test_indentation_as_in_the_file(text: str, entry: str) -> None:
    changed, addition = with_entry(text, [Hook.PRE_COMMIT])
    assert changed == text + addition
    assert addition.startswith(entry)
    key = len(entry.splitlines()[-1]) - len("id: holdline-check")
    assert all(line.startswith(" " * key) for line in addition.splitlines()[3:])


def test_line_ends_as_in_the_file() -> None:
    changed, addition = with_entry(USUAL.replace("\n", "\r\n"), BOTH)
    assert changed == WITH_ENTRY.replace("\n", "\r\n")
    assert take_out(changed, addition) == USUAL.replace("\n", "\r\n")


def test_no_line_end_at_the_end() -> None:
    text = "repos:\n- repo: meta\n  hooks:\n  - id: identity"
    changed, addition = with_entry(text, BOTH)
    assert addition.startswith("\n")
    assert not changed.endswith("\n")
    assert take_out(changed, addition) == text
    assert take_out(changed + "\n", addition) == text + "\n"


@pytest.mark.parametrize(
    "end",
    [
        "    exclude: |\n      # no comment\n      x\n      # nor this\n",
        "    args: [\n      a,\n    ]\n",
        '    name: "two\n      lines"\n',
        "    # a comment of the entry's\n",
        "...\n",
        "\n\n# at the end of the file\n",
        "ci: {skip: [a]}\n",
    ],
)
def test_what_follows_the_last_hook(end: str) -> None:
    text = "\ufeffrepos:\n  - repo: meta\n    hooks:\n      - id: identity\n" + end
    changed, addition = with_entry(text, BOTH)
    assert take_out(changed, addition) == text
    assert hooks_in(changed) == BOTH


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("repos: []\n", "no line `repos:` of its own"),
        ("repos: [{repo: meta, hooks: [{id: identity}]}]\n", "no line `repos:` of its own"),
        ("repos: &all\n- repo: meta\n  hooks: []\n", "no line `repos:` of its own"),
        ("{repos: []}\n", "no line `repos:` of its own"),
        ("- repo: meta\n  hooks: []\n", "no line `repos:` of its own"),
        ("", "no line `repos:` of its own"),
        ("repos:\n", "empty or written in braces"),
        ("repos:\n  [{repo: meta, hooks: []}]\n", "empty or written in braces"),
        ("repos:\n- {repo: meta, hooks: []}\n", "empty or written in braces"),
        ("repos:\n- repo: x\n  hooks: []\n- {repo: meta, hooks: []}\n", "does not start with `- repo: `"),
        ("repos:\n- repo: x\n  hooks: []\n- &it\n  repo: meta\n  hooks: []\n", "does not start with `- repo: `"),
        ("repos:\n- repo: x\n\thooks: []\n", "tabs"),
        ("repos:\n- repo: x\n  hooks: [\n]\n", "line ']' is no entry"),
        ("repos:\n- repo: x\n  hooks: []\n---\nrepos:\n- a: b\n", "no line `repos:` of its own"),
        ("repos:\n- repo: x\n  hooks: []\n---\na: b\n", "line '---' is no entry"),
        ("repos:\n   - repo: x\n     hooks: []\n - odd: x\n", "not equally indented"),
        ("repos:\r- repo: x\r  hooks: []\r", "unusual line ends"),
        ("repos:\n- repo: x\n  # \u2028\n  hooks: []\n", "unusual line ends"),
        ("repos:\n- repo: x\n  hooks: []\n  exclude: >\n    a", "may be text"),
        ("repos:\n- repo: x\n  hooks: []\n  exclude: |+\n    a\n\n\n", "keeps the blank lines"),
    ],
)
def test_layouts_that_are_refused(text: str, reason: str) -> None:
    with pytest.raises(HoldlineError) as caught:
        insert(text, [Hook.PRE_COMMIT])
    message = str(caught.value)
    assert reason in message
    assert "\n" not in message
    pasted = yaml.safe_load(message.partition("and run again: ")[2])
    assert pasted == [{"repo": "local", "hooks": [hook_entry(Hook.PRE_COMMIT)]}]


def test_the_parser_has_the_last_word() -> None:
    """A text that looks right line by line, and is a string."""
    text = 'a: "\nrepos:\n- repo: meta\n  hooks: []\nb: "\nrepos: []\n'
    with pytest.raises(HoldlineError, match="its layout is not understood"):
        with_entry(text, BOTH)


@pytest.mark.parametrize(
    ("text", "reason"), [("repos:\n- a: [\n", "line 3: not valid YAML"), ("a: b\nrepos:\n- x: {\n", "YAML")]
)
def test_what_is_no_yaml_is_said_to_be_none(text: str, reason: str) -> None:
    with pytest.raises(HoldlineError, match=reason):
        with_entry(text, BOTH)


def test_an_entry_that_was_edited_is_not_taken_out() -> None:
    changed, addition = with_entry(USUAL, BOTH)
    assert take_out(changed.replace("always_run: true", "always_run: false"), addition) is None
    assert take_out(changed.replace("stages: [pre-push]\n", "stages: [pre-push]  # late\n"), addition) is None
    assert take_out(USUAL, addition) is None


def test_edits_around_the_entry_stay() -> None:
    changed, addition = with_entry(USUAL, BOTH)
    edited = changed.replace("v5.0.0", "v6.0.0").replace("\n# for pre", "  - repo: meta\n    hooks: []\n\n# for pre")
    expected = USUAL.replace("v5.0.0", "v6.0.0").replace("\n# for pre", "  - repo: meta\n    hooks: []\n\n# for pre")
    assert take_out(edited, addition) == expected


def test_line_ends_that_a_checkout_changed() -> None:
    changed, addition = with_entry(USUAL, BOTH)
    assert take_out(changed.replace("\n", "\r\n"), addition) == USUAL.replace("\n", "\r\n")
    changed, addition = with_entry(USUAL.replace("\n", "\r\n"), BOTH)
    assert take_out(changed.replace("\r\n", "\n"), addition) == USUAL


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("      - id: holdline-check", (Hook.PRE_COMMIT,)),
        ("      - {id: 'holdline-check', stages: [manual]}", (Hook.PRE_COMMIT,)),
        ('        id: "holdline-pre-push"  # ours', (Hook.PRE_PUSH,)),
        ("      # - id: holdline-check", ()),
        ("      - id: holdline-check-all", ()),
        ("      - id: holdline-scan", ()),
    ],
)
def test_finds_hooks_in_any_entry(line: str, found: tuple[Hook, ...]) -> None:
    assert hooks_in(USUAL + line + "\n") == found


@dataclass(frozen=True)
class Made:
    """A configuration and its parsed form's number of entries."""

    text: str
    entries: int


@st.composite
def configs(draw: st.DrawFn) -> Made:
    """Configurations as people write them: indentation, comments, blank lines, keys around, line ends."""
    dash, pad, inner = draw(st.integers(0, 4)), draw(st.integers(1, 3)), draw(st.integers(0, 4))
    outer, keys = " " * dash, " " * (dash + 1 + pad)
    count = draw(st.integers(1, 4))
    noise = st.lists(
        st.sampled_from(["", "# note", "   # indented", f"{keys}# at the keys", f"{outer}# - repo: old"]), max_size=2
    )
    last = st.sampled_from(
        [
            [],
            [f"{keys}exclude: |", f"{keys}  # text", f"{keys}  x # y"],
            [f"{keys}exclude: >-", f"{keys}  a", "", f"{keys}  # b"],
            [f"{keys}args: [a,", f"{keys}  'b']"],
            [f'{keys}name: "a # b', f'{keys}  c"'],
        ]
    )
    before = st.sampled_from(
        [[], ["---"], ["fail_fast: true"], ["# head", "exclude: |", "  repos:", "  - x"], ["a: &a {b: 1}"]]
    )
    after = st.sampled_from(
        [[], ["..."], ["ci:", "  skip: [x]"], ["# end"], ["minimum_pre_commit_version: '3'", "", ""]]
    )
    lines = [*draw(before), draw(st.sampled_from(["repos:", "repos: # ours", "repos:  "]))]
    for number in range(count):
        lines += draw(noise)
        lines += [
            f"{outer}-{' ' * pad}repo: https://example.org/{number}",
            f"{keys}rev: v{number}  # pin",
            *draw(noise),
        ]
        lines += [
            f"{keys}hooks:",
            f"{keys}{' ' * inner}- id: hook-{number}",
            f"{keys}{' ' * inner}  name: x",
            *draw(last),
        ]
    lines += [*draw(noise), *draw(after)]
    eol = draw(st.sampled_from(["\n", "\r\n"]))
    text = eol.join(lines) + draw(st.sampled_from(["", eol, eol * 2]))
    return Made(draw(st.sampled_from(["", "\ufeff"])) + text, count)


@given(configs(), st.sampled_from([BOTH, BOTH[:1], BOTH[1:]]))
def test_in_and_out_again(made: Made, hooks: tuple[Hook, ...]) -> None:
    before = yaml.safe_load(made.text)
    # A last line of text without its line end would get one.
    assume(made.text.endswith("\n") or not re.search("exclude: [|>]", made.text))
    changed, addition = insert(made.text, hooks)  # without the proof: the text alone has to do
    after = yaml.safe_load(changed)
    entry = {"repo": "local", "hooks": [hook_entry(hook) for hook in hooks]}
    assert len(before["repos"]) == made.entries
    assert after == before | {"repos": [*before["repos"], entry]}
    assert take_out(changed, addition) == made.text
    assert hooks_in(changed) == hooks


FRAGMENTS = [
    "repos:",
    "\n",
    "\n",
    "\n- ",
    "repo: x",
    "\n  hooks: []",
    "\n  ",
    " ",
    "\t",
    "\r\n",
    "'",
    "|",
    "#",
    "[",
    "a: b",
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(lambda parts: "repos:\n- repo: x" + "".join(parts)))
def test_any_text_is_refused_or_kept(text: str) -> None:
    try:
        changed, addition = with_entry(text, BOTH)
    except HoldlineError as error:
        outcome = str(error)
    else:
        outcome = "" if take_out(changed, addition) == text else "lost\nsomething"
    assert "\n" not in outcome


def test_the_block_alone() -> None:
    assert yaml.safe_load(block(BOTH)) == [{"repo": "local", "hooks": [hook_entry(hook) for hook in BOTH]}]


def test_the_block_is_what_the_page_shows() -> None:
    page = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text()
    assert textwrap.indent(block(BOTH), "  ") in page
