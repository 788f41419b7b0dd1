"""Shapes of credentials in text: URLs with user-info or a signed query, PEM, JWT, known prefixes, random strings.

Imported when a value of some length is first looked at, since `re` is no part of the import budget.
"""

from __future__ import annotations

import math
import re

from holdline_runtime import names

_WORD = r"[A-Za-z0-9_-]"

# Prefixes that issuers publish, with as much of what follows as tells them from ordinary words.
_KNOWN = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"  # AWS
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{20,}"  # GitHub
    rf"|gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-{_WORD}{{16,}}"  # GitLab
    rf"|xox[abeoprs]-{_WORD}{{10,}}|xapp-\d-{_WORD}{{10,}}"  # Slack
    r"|[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/]{16,}"  # Stripe
    rf"|sk-(?:ant-|proj-|svcacct-|or-v1-){_WORD}{{20,}}|sk-[A-Za-z0-9]{{20,}}"  # OpenAI, Anthropic
    rf"|AIza{_WORD}{{30,}}|ya29\.{_WORD}{{20,}}|GOCSPX-{_WORD}{{20,}}|1//0{_WORD}{{20,}}"  # Google
    rf"|SG\.{_WORD}{{16,}}\.{_WORD}{{16,}}|key-[0-9a-f]{{32}}\b"  # SendGrid, Mailgun
    rf"|npm_[A-Za-z0-9]{{30,}}|pypi-AgE{_WORD}{{20,}}|rubygems_[0-9a-f]{{40,}}"  # registries
    rf"|hf_[A-Za-z0-9]{{20,}}|do[opr]_v1_[0-9a-f]{{40,}}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{{20,}}"
    rf"|hv[bsr]\.{_WORD}{{20,}}|dckr_pat_{_WORD}{{20,}}|lin_api_\w{{20,}}|nvapi-{_WORD}{{20,}}"
    rf"|AGE-SECRET-KEY-1[A-Z0-9]{{20,}}|ATATT3{_WORD}{{20,}}|dapi[0-9a-f]{{32}}\b|pul-[0-9a-f]{{40}}\b"
    rf"|eyJ{_WORD}{{8,}}\.eyJ{_WORD}{{8,}}\.{_WORD}*"  # JWT
    rf"|\d{{8,10}}:AA{_WORD}{{30,}}"  # Telegram
    r")"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----))*(?:-----END [A-Z0-9 ]*-----)?"
    r"|PuTTY-User-Key-File-\d[\s\S]*"
)
_USER_INFO = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://(?P<user>[^\s/?#@:'\"]*)(?::(?P<password>[^\s/?#'\"]*))?@")
_QUERY = re.compile(r"[?&;#](?P<name>[\w.\[\]-]{1,60})=(?P<value>[^\s&;#'\"]+)")
_HOOK = re.compile(r"https://(?:hooks\.slack\.com/(?:services|workflows|triggers)/\S+|[\w.]*discord(?:app)?\.com/api/webhooks/\d+/\S+"
    r"|[\w.-]+\.webhook\.office\.com/\S+)"
)  # fmt: skip
_PAIR = re.compile(r"(?:^|[\s;,{'\"])(?P<name>[A-Za-z][\w .-]{0,40}?)['\"]?\s*[=:]\s*['\"]?(?P<value>[^\s;,'\"}]+)")
_HEADER = re.compile(r"\b(?:Bearer|Basic|Token|ApiKey|Digest)\s+(?P<value>[A-Za-z0-9+/_.=-]{12,})")
_CANDIDATE = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SIGNED = frozenset({"sig", "signature", "code", "key", "auth", "hmac", "sas"})
_BITS = 3.6  # per character; English identifiers of that length stay below when case and digits alternate too


def holds_secret(text: str) -> bool:
    """Tell whether a text is, or has in it, what looks like a credential."""
    return any(True for _ in secret_spans(text))


def secret_spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of every credential in a text: in a URL the password, not the host."""
    spans = certain_spans(text)
    spans += [
        found.span("value") for found in _PAIR.finditer(text) if names.tells_secret(*found.group("name", "value"))
    ]
    spans += [found.span() for found in _CANDIDATE.finditer(text) if _random(found[0])]
    return spans


def certain_spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of credentials that can be told in any text, be it source code."""
    spans = [found.span() for expression in (_KNOWN, _HOOK, _PRIVATE_KEY) for found in expression.finditer(text)]
    spans += [found.span("value") for found in _HEADER.finditer(text) if _varied(found["value"])]
    return spans + _in_urls(text)


def _in_urls(text: str) -> list[tuple[int, int]]:
    spans = []
    for found in _USER_INFO.finditer(text):
        if found["password"]:
            spans.append(found.span("password"))
        elif len(found["user"]) >= 16 and any(map(str.isdigit, found["user"])):  # a token in place of a user's name
            spans.append(found.span("user"))
    for found in _QUERY.finditer(text):
        last = (names.words(found["name"]) or [""])[-1]
        if names.tells_secret(found["name"], found["value"]) or (last in _SIGNED and len(found["value"]) >= 8):
            spans.append(found.span("value"))
    return spans


def _varied(value: str) -> bool:
    return any(map(str.isdigit, value)) or value.endswith("=")


def _random(text: str) -> bool:
    """Tell random characters from names, paths, dates and digests.

    Hexadecimal alone is taken for a digest: commit ids and checksums are far more frequent in an environment.
    """
    if _UUID.fullmatch(text) or "://" in text or text.count("/") > 3:
        return False
    longest = max(re.split(r"[/_=-]+", text), key=len)
    if len(longest) < 16 or re.fullmatch(r"[0-9a-fA-F]+", longest):
        return False
    digits = len(re.findall(r"\d+", text))
    turns = len(re.findall(r"[a-z][A-Z]|[A-Z][a-z]|\d[A-Za-z]|[A-Za-z]\d", longest))
    return digits >= 2 and turns >= len(longest) / 4 and _entropy(longest) >= _BITS and _mixed(longest)


def _mixed(text: str) -> bool:
    return any(map(str.islower, text)) and any(map(str.isupper, text))


def _entropy(text: str) -> float:
    """Shannon's, in bits for each character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in (text.count(c) for c in set(text)))
