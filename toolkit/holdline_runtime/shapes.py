"""Shapes of credentials in text: URLs with user-info or a signed query, PEM, JWT, known prefixes, random strings.

Imported when a value of some length is first looked at, since `re` is no part of the import budget.
"""

from __future__ import annotations

import itertools
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
# The way that issuers build tokens, whoever they are: a prefix, and something long of one case behind it.
_PREFIXED = re.compile(
    r"[a-z]{2,8}_(?:[a-z0-9]{1,16}_)?[0-9a-f]{32,}|[A-Z]{2,8}-[0-9a-f]{20,}-[0-9a-f]{20,}"
    r"|[A-Za-z][A-Za-z0-9]{2,5}[.-](?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{24,}(?:\.[A-Z0-9]{24,})?"
)
# What a password generator makes: one word of letters in both cases, digits and signs, in quick alternation.
_GENERATED = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[A-Za-z0-9!#$%&*@^_+=?~-]{16,64}")
_SIGN = re.compile(r"[!#$%&*@^?~]")
_PERCENT_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----))*(?:-----END [A-Z0-9 ]*-----)?"
    r"|PuTTY-User-Key-File-\d[\s\S]*"
)
# A password may hold `?` and `#` though it should not; a port with a query behind it is none.
_USER_INFO = re.compile(
    r"\b[A-Za-z][A-Za-z0-9+.-]{0,30}://(?P<user>[^\s/?#@:'\"]*)(?::(?!\d{1,5}[?#])(?P<password>[^\s/'\"]*))?@"
)
_QUERY = re.compile(r"[?&;#](?P<name>[\w.\[\]-]{1,60})=(?P<value>[^\s&;#'\"]+)")
_HOOK = re.compile(r"https://(?:hooks\.slack\.com/(?:services|workflows|triggers)/\S+|[\w.]*discord(?:app)?\.com/api/webhooks/\d+/\S+"
    r"|[\w.-]+\.webhook\.office\.com/\S+)"
)  # fmt: skip
_PAIR = re.compile(r"(?:^|[\s;,{'\"])(?P<name>[A-Za-z][\w .-]{0,40}?)['\"]?\s*[=:]\s*['\"]?(?P<value>[^\s;,'\"}]+)")
_OPTION = re.compile(r"(?:^|\s)--(?P<name>[a-z][\w-]{1,40})[ =]['\"]?(?P<value>[^\s'\"-][^\s'\"]*)")
# curl's; not a path, and not a user and group for `docker run`.
_USER_OPTION = re.compile(
    r"(?:^|\s)(?:-u|--user)[ =]?(?P<user>[^\s:=/]+):(?!(?:\d+|(?P=user))(?:\s|$))(?P<value>[^\s/]+)"
)
_NETRC = re.compile(r"\b(?:machine\s+\S+|default)\s+(?:login\s+\S+\s+)?password\s+(?P<value>\S+)")
_HEADER = re.compile(r"\b(?:Bearer|Basic|Token|ApiKey|Digest)\s+(?P<value>[A-Za-z0-9+/_.=-]{12,})")
# Random to look at, and made to be shown: public keys and certificates, hosts' keys, subresource integrity,
# publishable keys.
_PUBLIC = re.compile(
    r"\b(?:sk-)?(?:ssh|ecdsa)-[\w@.-]+ AAAA[A-Za-z0-9+/=]+|\|1\|[A-Za-z0-9+/=]+\|[A-Za-z0-9+/=]+"
    r"|-----BEGIN (?![A-Z0-9 ]*PRIVATE)(?P<label>[A-Z0-9 ]+)-----[\s\S]{0,16384}?-----END (?P=label)-----"
    r"|\bsha(?:256|384|512)[-:][A-Za-z0-9+/=]+|\bpk_(?:live|test)_[A-Za-z0-9]+"
)
_CANDIDATE = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SIGNED = frozenset({"sig", "signature", "code", "key", "auth", "hmac", "sas"})
_BITS = 3.6  # per character; English identifiers of that length stay below when case and digits alternate too


def secret_spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of every credential in a text: in a URL the password, not the host."""
    spans = certain_spans(text)
    named = [*_PAIR.finditer(text)]
    if "-" in text:
        named += _OPTION.finditer(text)
        spans += [found.span("value") for found in _USER_OPTION.finditer(text)]
    spans += [found.span("value") for found in named if names.tells_secret(*found.group("name", "value"))]
    if "password" in text:
        spans += [found.span("value") for found in _NETRC.finditer(text)]
    if _PREFIXED.fullmatch(text) or _is_generated(text):
        spans.append((0, len(text)))
    return spans + _random_spans(text)


def _random_spans(text: str) -> list[tuple[int, int]]:
    found = [candidate.span() for candidate in _CANDIDATE.finditer(text) if _random(candidate[0])]
    if not found:
        return found
    public = [made.span() for made in _PUBLIC.finditer(text)]
    return [(at, to) for at, to in found if not any(start < to and at < end for start, end in public)]


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


def _is_generated(text: str) -> bool:
    if not _GENERATED.fullmatch(text) or not _SIGN.search(text) or _PERCENT_ENCODED.search(text):
        return False
    return _turns(text) >= len(text) / 2


def _turns(text: str) -> int:
    """Count where one kind of character follows another."""
    kinds = ["a" if c.islower() else "A" if c.isupper() else "0" if c.isdigit() else "-" for c in text]
    return sum(one != other for one, other in itertools.pairwise(kinds))


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
