"""The globs, against examples and against an oracle that is slow and obvious."""

from __future__ import annotations

import pickle
import re
import string
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdline.globs import GlobSet, validate


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("tests/**", "tests/a.py", True),
        ("tests/**", "tests/a/b/c.py", True),
        ("tests/**", "tests", False),
        ("tests/**", "mytests/a.py", False),
        ("tests/**", "src/tests/a.py", False),
        ("**", "a.py", True),
        ("**", "a/b.py", True),
        ("**/", "a/b.py", True),
        ("**/", "b.py", False),
        ("**/x", "x", True),
        ("**/x", "a/b/x", True),
        ("**/x", "a/bx", False),
        ("**/conftest.py", "conftest.py", True),
        ("**/conftest.py", "a/conftest.py", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "ab", False),
        ("a/**/b/**/c", "a/x/b/y/c", True),
        ("a/**/b/**/c", "a/x/y/c", False),
        ("a/**/**/b", "a/b", True),
        ("*.py", "a.py", True),
        ("*.py", "d/a.py", False),
        ("*", ".hidden", True),
        ("tests/*", "tests/a.py", True),
        ("tests/*", "tests/a/b.py", False),
        ("tests/**/*auth*", "tests/unit/test_auth_flow.py", True),
        ("tests/**/*auth*", "tests/test_oauth.py", True),
        ("tests/**/*auth*", "tests/auth/test_flow.py", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[ab].py", "b.py", True),
        ("[!ab].py", "b.py", False),
        ("[^ab].py", "c.py", True),
        ("a[!b]c", "a/c", False),
        ("a[+-a]c", "a/c", False),
        ("v[0-9].py", "v7.py", True),
        ("[]].py", "].py", True),
        ("[a-].py", "-.py", True),
        ("[--a].py", "-.py", True),
        ("[*].py", "*.py", True),
        ("[*].py", "x.py", False),
        ("a.py", "aXpy", False),
        ("{{name}}/**", "{{name}}/x.py", True),
        ("a\nb/*", "a\nb/c\nd", True),
        ("vendor", "vendor", True),
        ("vendor", "vendor/a/b.py", True),
        ("vendor", "vendors/a.py", False),
        ("**/vendor", "lib/vendor/a.py", True),
        ("vendor/", "vendor/a/b.py", True),
        ("vendor/", "vendor", False),
        ("build*/", "build-1/a/b.py", True),
        ("build*", "build-1/a.py", False),
        ("Tests/**", "tests/a.py", False),
    ],
)
def test_examples(pattern: str, path: str, expected: bool) -> None:
    assert validate(pattern) is None
    assert GlobSet([pattern]).matches(path) is expected


@pytest.mark.parametrize(
    ("pattern", "error"),
    [
        ("", "empty"),
        ("/a", "leading '/'"),
        ("/", "leading '/'"),
        ("a\\b", "backslash"),
        ("!a", "negated"),
        ("..", "'..' is not allowed"),
        ("a/../b", "'..' is not allowed"),
        ("./a", "'.' is not allowed"),
        ("a//b", "'//'"),
        ("a//", "'//'"),
        ("a[", "no closing ']' in 'a['"),
        ("[]", "no closing ']'"),
        ("[!]", "no closing ']'"),
        ("a[b/c]", "no closing ']' in 'a[b'"),
        ("a**", "must stand alone"),
        ("**.py", "must stand alone"),
        ("a/**b/c", "must stand alone between slashes, not in '**b'"),
        ("***", "must stand alone"),
        ("[z-a]", "range 'z-a'"),
        ("[[:alpha:]]", "named classes"),
    ],
)
def test_bad_globs_are_explained(pattern: str, error: str) -> None:
    assert error in (validate(pattern) or "")
    with pytest.raises(ValueError, match=re.escape(error)):
        GlobSet([pattern])


def test_any_of_several_patterns_matches() -> None:
    globs = GlobSet(["a/**", "b|c.py"])
    assert [globs.matches(p) for p in ("a/x", "b|c.py", "b", "c.py")] == [True, True, False, False]


def test_no_pattern_matches_nothing() -> None:
    assert not GlobSet([]).matches("a")
    assert not GlobSet([]).matches("")


def test_survives_pickling() -> None:
    copy = pickle.loads(pickle.dumps(GlobSet(["a/**"])))
    assert copy.patterns == ("a/**",)
    assert copy.matches("a/b")


def test_many_stars_take_linear_time() -> None:
    globs = GlobSet(["*a" * 30 + "*b", "**/a/" * 12 + "b"])
    started = time.perf_counter()
    assert not globs.matches("a" * 3000)
    assert not globs.matches("a/" * 1000 + "c")
    assert time.perf_counter() - started < 1


def _oracle(pattern: str, path: str) -> bool:
    """Match by trying every way to consume the path, component by component."""
    components = pattern.removesuffix("/").split("/")
    names = path.split("/")
    if pattern.endswith("/"):
        return any(_match_names(components, names[:i]) for i in range(1, len(names)))
    if not set(components[-1]) & set("*?["):
        return any(_match_names(components, names[:i]) for i in range(1, len(names) + 1))
    return _match_names(components, names)


def _match_names(components: list[str], names: list[str]) -> bool:
    if not components:
        return not names
    head, *tail = components
    if head == "**":
        least = 0 if tail else 1
        return any(_match_names(tail, names[i:]) for i in range(least, len(names) + 1))
    return bool(names) and _match_name(head, names[0]) and _match_names(tail, names[1:])


def _match_name(component: str, name: str) -> bool:
    if not component:
        return not name
    if component[0] == "*":
        return any(_match_name(component[1:], name[i:]) for i in range(len(name) + 1))
    if not name:
        return False
    if component[0] == "[":
        end = component.index("]", 3 if component[1] in "!^" else 2)
        members, negated = component[1:end], component[1] in "!^"
        found = _in_class(members[1:] if negated else members, name[0])
        return found is not negated and _match_name(component[end + 1 :], name[1:])
    return component[0] in {"?", name[0]} and _match_name(component[1:], name[1:])


def _in_class(members: str, char: str) -> bool:
    if len(members) >= 3 and members[1] == "-":
        return members[0] <= char <= members[2] or _in_class(members[3:], char)
    return bool(members) and (char == members[0] or _in_class(members[1:], char))


_components = st.one_of(
    st.just("**"), st.text("ab.*?", min_size=1, max_size=5), st.text("ab-]![^*", min_size=1, max_size=8)
)
_patterns = st.builds(
    lambda parts, tail: "/".join(parts) + tail,
    st.lists(_components, min_size=1, max_size=5),
    st.sampled_from(["", "", "/"]),
).filter(lambda p: validate(p) is None)
_paths = st.lists(st.text("ab.-]^![", min_size=1, max_size=5), min_size=1, max_size=5).map("/".join)


@given(st.lists(_patterns, max_size=3), _paths)
@example(["**/a/**/a/b"], "a/a/a/b")
@example(["*ab*b"], "aabab")
def test_agrees_with_the_oracle(patterns: list[str], path: str) -> None:
    assert GlobSet(patterns).matches(path) == any(_oracle(p, path) for p in patterns)


@given(st.text(string.punctuation + "ab", max_size=10), _paths)
def test_any_valid_pattern_compiles_to_the_oracles_meaning(pattern: str, path: str) -> None:
    if validate(pattern) is None:
        assert GlobSet([pattern]).matches(path) == _oracle(pattern, path)
