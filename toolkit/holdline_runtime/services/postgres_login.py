"""The two challenges by which PostgreSQL has a client prove that it knows the password."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata

from holdline_runtime.services.outcome import Status, Unavailable

# The server's default is 4096. Beyond this the probe would outlast its time limit without noticing.
_MOST_ITERATIONS = 200_000


def md5_answer(user: str, password: str, salt: bytes) -> bytes:
    """Return the answer to `AuthenticationMD5Password`."""
    inner = hashlib.md5((password + user).encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()
    return b"md5" + hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest().encode()


class Scram:
    """One SCRAM-SHA-256 exchange (RFC 5802, RFC 7677), without channel binding."""

    mechanism = b"SCRAM-SHA-256"

    def __init__(self, password: str, nonce: str | None = None) -> None:
        self._password = unicodedata.normalize("NFKC", password).encode(errors="surrogateescape")
        self._nonce = nonce or secrets.token_urlsafe(18)
        self._first = f"n=,r={self._nonce}"  # PostgreSQL takes the user from the start-up message
        self._expected = b""

    def first(self) -> bytes:
        """Return the client's first message."""
        return f"n,,{self._first}".encode()

    def final(self, challenge: bytes) -> bytes:
        """Return the proof for the server's challenge."""
        text = challenge.decode("ascii", "replace")
        try:
            fields = dict(part.split("=", 1) for part in text.split(","))
            nonce, salt, iterations = fields["r"], base64.b64decode(fields["s"]), int(fields["i"])
        except (ValueError, KeyError):
            raise Unavailable(Status.PROBE_ERROR, "its SCRAM challenge cannot be read") from None
        if not nonce.startswith(self._nonce) or not 0 < iterations <= _MOST_ITERATIONS:
            raise Unavailable(Status.PROBE_ERROR, "its SCRAM challenge is not one to answer")
        salted = hashlib.pbkdf2_hmac("sha256", self._password, salt, iterations)
        bare = f"c=biws,r={nonce}"
        message = f"{self._first},{text},{bare}".encode()
        client = _mac(salted, b"Client Key")
        proof = bytes(a ^ b for a, b in zip(client, _mac(hashlib.sha256(client).digest(), message), strict=True))
        self._expected = _mac(_mac(salted, b"Server Key"), message)
        return f"{bare},p={base64.b64encode(proof).decode()}".encode()

    def check(self, final: bytes) -> None:
        """Have the server prove that it knows the password, too."""
        if not hmac.compare_digest(final, b"v=" + base64.b64encode(self._expected)):
            raise Unavailable(Status.UNAUTHORISED, "the server did not prove that it knows the password")


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
