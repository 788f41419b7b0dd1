"""Whether an identity token is what its issuer signed, for us, and now."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from holdline_runtime.ci_guard.fetching import Deadline, FetchError, fetch_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import jwt

_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_LONGEST = 16 * 1024
_LEEWAY = 30  # seconds that two clocks may differ by
_MOST_KEYS = 100
_SHORTEST_RSA = 2048  # bits


class TokenError(Exception):
    """The token proves nothing; the message says why, and holds no part of it."""


def verified_claims(token: str, issuer: str, audience: str, deadline: Deadline, ca_file: str | None) -> dict[str, Any]:
    """Return the claims of a token that the issuer has signed for this audience and that is valid now.

    TokenError for anything else: RS256 and ES256 alone are taken, by what the issuer's key is for, never by what the
    token says. FetchError where the issuer's keys cannot be had.
    """
    try:
        import jwt
    except ImportError:
        raise TokenError("checking it needs the extra [oidc]: install PyJWT[crypto]") from None
    kid = _key_id(token)
    key, algorithm = _key(_published_keys(issuer, deadline, ca_file), kid)
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=audience,
            issuer=issuer,
            leeway=_LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud"]},
        )
    except jwt.PyJWTError as error:
        raise TokenError(_said(error)) from None


def _key_id(token: str) -> str:
    import jwt

    if len(token) > _LONGEST or not _TOKEN.fullmatch(token):
        raise TokenError("it is no signed JSON Web Token")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise TokenError("it is no signed JSON Web Token") from None
    if header.get("alg") not in ("RS256", "ES256"):
        raise TokenError("it is signed neither by RS256 nor by ES256")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise TokenError("it does not say which key has signed it")
    return kid


def _published_keys(issuer: str, deadline: Deadline, ca_file: str | None) -> list[Any]:
    """Fetch the issuer's keys, from where its discovery document says: on its own host, or that is no proof."""
    found = fetch_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration", deadline, ca_file)
    where = found.get("jwks_uri") if isinstance(found, dict) else None
    if not isinstance(where, str) or found.get("issuer") != issuer:
        raise FetchError("its discovery document is another issuer's, or none")
    if urlsplit(where)[:2] != urlsplit(issuer)[:2]:
        raise FetchError("its keys are not on its own host")
    document = fetch_json(where, deadline, ca_file)
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or len(keys) > _MOST_KEYS:
        raise FetchError("its keys are no JSON Web Key Set")
    return keys


def _key(keys: list[Any], kid: str) -> tuple[jwt.PyJWK, str]:
    """Return the key of this name, and the one algorithm that it is used with."""
    import jwt

    named = [key for key in keys if isinstance(key, dict) and key.get("kid") == kid]
    if len(named) != 1:
        raise TokenError("the key that it says has signed it is not the issuer's")
    found = named[0]
    algorithm = {"RSA": "RS256", "EC": "ES256"}.get(str(found.get("kty")))
    if algorithm is None or found.get("alg", algorithm) != algorithm or found.get("use", "sig") != "sig":
        raise TokenError("the key that it says has signed it is for something else")
    try:
        key = jwt.PyJWK(found, algorithm=algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        raise TokenError("the key that it says has signed it cannot be read") from None
    if algorithm == "RS256" and key.key.key_size < _SHORTEST_RSA:
        raise TokenError(f"the key that it says has signed it has fewer than {_SHORTEST_RSA} bits")
    return key, algorithm


def _said(error: jwt.PyJWTError) -> str:
    import jwt

    for kind, words in (
        (jwt.ExpiredSignatureError, "it has expired"),
        (jwt.ImmatureSignatureError, "it is not valid yet"),
        (jwt.InvalidAudienceError, "it is for another audience"),
        (jwt.InvalidIssuerError, "it is another issuer's"),
        (jwt.InvalidSignatureError, "its signature is not the issuer's"),
        (jwt.MissingRequiredClaimError, "it lacks a claim that every token has"),
    ):
        if isinstance(error, kind):
            return words
    return "it is no valid token"
