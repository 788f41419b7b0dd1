"""A cheap test on a file's bytes: may it put something in place of the environment, of a function on it, of an `os`?

Every file of the repository is asked, and most that say `os.environ` only use it. What stands right before and behind
tells a use from a target. Where it does not settle that, the answer is yes, and the file is parsed: a replacement that
is not seen makes rewrites unsafe in all files.
"""

from __future__ import annotations

import re

#: What may stand behind a name before what counts: in brackets a statement goes on over lines and comments.
_GAP = re.compile(rb"(?:[\s\\)\]]|#[^\r\n]*+)*+")
#: Each begins with letters that stand for themselves, which makes looking for it fast; "tenv" ends getenv, putenv, ….
_ENDINGS = tuple(re.compile(word + rb"""(?=[\s\\)\],:;#="']|\Z)""") for word in (rb"environb?", rb"tenvb?", rb"os"))
_PART_OF_NAME = re.compile(rb"[\w\x80-\xff]\Z")
_ASSIGNED = re.compile(rb"=(?!=)")
_IN = re.compile(rb"in\b")
_DELETES = re.compile(rb"\bdel\b")
#: The token before `a.b.`, a word or any other character, and what separates them.
_BEFORE = re.compile(rb"(?:([\w\x80-\xff]+)([\s\\]+)|([^\w\s\\])([\s\\]*))(?:\w+[\s\\]*\.[\s\\]*)+\Z")
_CALLEE = re.compile(rb"([\w\x80-\xff]+)[ \t]*\Z")
#: Words that targets follow.
_TAKE_TARGETS = frozenset({b"for", b"as", b"del"})
#: Characters that nothing but a value follows.
_OPERATORS = frozenset(b"|+-%/@~&^<>!{")
_LINE_BREAK = re.compile(rb"[\r\n]")
_BLANK = b" \t\f\v\r\n\\"
_FURTHEST = 300  # bytes that are looked at before a name


def may_replace(data: bytes) -> bool:
    """Whether a file has to be looked into; false means that it replaces nothing."""
    return any(_may_replace_here(data, match) for ending in _ENDINGS for match in ending.finditer(data))


def _may_replace_here(data: bytes, match: re.Match[bytes]) -> bool:
    before = data[max(0, match.start() - _FURTHEST) : match.start()]
    if match.group().startswith(b"tenv"):
        before = before.removesuffix(b"unse").removesuffix(b"ge").removesuffix(b"pu")
    if _PART_OF_NAME.search(before):
        return False
    gap = _GAP.match(data, match.end())
    assert gap is not None  # it matches the empty string too
    behind = gap.end()
    following = data[behind : behind + 1]
    if following in (b'"', b"'") and not gap.group():
        return True  # it ends a string
    code = before.rstrip(_BLANK)
    if not code.endswith(b"."):
        keyword = b"multiple" in data and _ASSIGNED.match(data, behind) is not None
        return keyword or _ends_in_comment(code, before)  # which may have a dot before it
    if _ASSIGNED.match(data, behind):
        return True
    if following in (b",", b":") or _IN.match(data, behind):
        return _takes_target(before, gap.group(), following)
    ends = following in (b"", b";") or _LINE_BREAK.search(gap.group()) or b"#" in gap.group()
    return bool(ends and _DELETES.search(data, 0, match.start())) and _takes_target(before, gap.group(), b"")


def _takes_target(before: bytes, gap: bytes, following: bytes) -> bool:
    """Whether a target may stand behind some code that ends with `a.`."""
    match = _BEFORE.search(before)
    if match is None:
        return True
    word, apart, character, space = match.groups(b"")
    token, blank = word or character, apart or space
    to_token = before[: match.start() + len(token)]
    if _ends_in_comment(to_token, to_token + blank):
        return True
    if word:
        return word != b"in" and (word in _TAKE_TARGETS or _LINE_BREAK.search(blank) is not None)
    if token == b"(":
        callee = _CALLEE.search(to_token[:-1])
        return callee is None or callee[1] in _TAKE_TARGETS
    if token == b"*":
        return not to_token.endswith(b"**")
    if token == b"=":  # what is assigned to stands in no brackets with it
        return following == b"," and (b"#" in gap or not re.search(rb"[)\]]", gap))
    return token[0] not in _OPERATORS


def _ends_in_comment(code: bytes, before: bytes) -> bool:
    """Whether the last line of `code` is or ends in a comment, perhaps, and what is `before` goes on behind it."""
    if not _LINE_BREAK.search(before, len(code)):
        return False
    return b"#" in _LINE_BREAK.split(code)[-1]
