"""JSON from a provider, over TLS, within a time and a size.

Who controls the environment must not choose whom to believe: `SSL_CERT_FILE`, `SSL_CERT_DIR` and `SSLKEYLOGFILE` do
not count, the certificates of the system do, or those that the caller names. A proxy (`HTTPS_PROXY`) is used, and can
but pass on what is encrypted. Redirects are not followed.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LIMIT = 256 * 1024

# Where Python was not built for this system, the usual places of its certificates.
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


class FetchError(Exception):
    """It could not be had; the message says why, and holds nothing that was sent or received."""


class Deadline:
    """A moment on the monotonic clock, `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds left, not below 0."""
        return max(0.0, self._end - time.monotonic())


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Has a redirect treated as the failure it is here: it might lead out of TLS, or take credentials elsewhere."""

    def redirect_request(self, *arguments: Any, **named: Any) -> None:
        return None


def fetch_json(url: str, deadline: Deadline, ca_file: str | None, headers: Mapping[str, str] | None = None) -> Any:
    """GET a JSON document. FetchError where that fails, be it for its time or its size."""
    check_address(url)
    context = _context(ca_file)
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect)
    request = urllib.request.Request(url, headers={"Accept": "application/json", **(headers or {})})

    def get() -> bytes:
        try:
            with opener.open(request, timeout=deadline.remaining() or 0.001) as response:
                data: bytes = response.read(LIMIT + 1)
                return data
        except urllib.error.HTTPError as error:
            error.close()  # it is the response as well
            raise

    data = _in_time(get, deadline)
    if len(data) > LIMIT:
        raise FetchError(f"it is larger than {LIMIT // 1024} KiB")
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise FetchError("it is no JSON") from None


def check_address(url: str) -> None:
    """FetchError unless it is an `https://` URL with a host, and without user or password."""
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and parts.hostname and "@" not in parts.netloc and url.isprintable()
    except ValueError:
        good = False
    if not good or " " in url or not url.isascii():
        raise FetchError("its address is no plain https:// URL")


def _in_time(get: Callable[[], bytes], deadline: Deadline) -> bytes:
    """Do it in a thread, which is left behind when time is up: a socket's timeout starts anew with every byte."""
    done: list[bytes] = []
    failed: list[Exception] = []

    def work() -> None:
        try:
            done.append(get())
        except Exception as error:  # noqa: BLE001  # carried into the thread that waits
            failed.append(error)

    thread = threading.Thread(target=work, name="holdline-ci-guard", daemon=True)
    thread.start()
    thread.join(deadline.remaining())
    if failed:
        raise FetchError(_cause(failed[0], deadline)) from None
    if not done:
        raise FetchError(f"no answer within {deadline.seconds:g} s")
    return done[0]


def _cause(error: Exception, deadline: Deadline) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the answer is {error.code}"
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate does not verify: {reason.verify_message}"
    if isinstance(reason, TimeoutError):
        return f"no answer within {deadline.seconds:g} s"
    if isinstance(reason, OSError) and reason.strerror:
        return str(reason.strerror)
    return f"the connection failed ({type(reason).__name__})"


def _context(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks names and certificates, and loads none by itself
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    built_in = ssl.get_default_verify_paths()
    bundles = [ca_file] if ca_file else [built_in.openssl_cafile, *_BUNDLES]
    try:
        bundle = next((path for path in bundles if ca_file or Path(path).is_file()), None)
        context.load_verify_locations(bundle, None if ca_file else built_in.openssl_capath)
    except OSError:
        raise FetchError("the certificates of the authorities cannot be read") from None
    return context
