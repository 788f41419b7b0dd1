"""An issuer of identity tokens on loopback, over TLS, with keys made for the tests; and scripts in real processes."""

from __future__ import annotations

import datetime
import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from holdline_runtime import get_env

Answer = bytes | Callable[[BaseHTTPRequestHandler], None]

DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    answers: dict[str, Answer]
    asked: list[tuple[str, dict[str, str]]]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away, which is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        answer = self.server.answers.get(self.path.partition("?")[0])
        if answer is None:
            self.send_error(404)
        elif callable(answer):
            answer(self)
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

    def log_message(self, *arguments: object) -> None:
        """Not into the test's output."""


def pem(key: Any) -> str:
    """A private key as a text."""
    private = serialization.PrivateFormat.PKCS8
    data: bytes = key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
    return data.decode()


class Issuer:
    """A server at `url` whose certificate `ca_file` vouches for; `answers` by path, `asked` what was asked for."""

    def __init__(self, server: _Server, ca_file: Path) -> None:
        self.server = server
        self.ca_file = str(ca_file)
        self.url = f"https://localhost:{server.server_port}"
        self.rsa = rsa.generate_private_key(65537, 2048)
        self.other = rsa.generate_private_key(65537, 2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())

    @property
    def answers(self) -> dict[str, Answer]:
        return self.server.answers

    @property
    def asked(self) -> list[tuple[str, dict[str, str]]]:
        return self.server.asked

    def reset(self) -> None:
        """Publish the two keys, `r` and `e`, and nothing else."""
        self.asked.clear()
        self.answers.clear()
        self.publish(
            {"issuer": self.url, "jwks_uri": self.url + KEYS}, [self.jwk(self.rsa, "r"), self.jwk(self.ec, "e")]
        )

    def publish(self, discovery: object, keys: list[dict[str, Any]]) -> None:
        self.answers[DISCOVERY] = json.dumps(discovery).encode()
        self.answers[KEYS] = json.dumps({"keys": keys}).encode()

    @staticmethod
    def jwk(key: Any, kid: str, **more: str) -> dict[str, Any]:
        kind = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
        return {**json.loads(kind.to_jwk(key.public_key())), "kid": kid, "use": "sig", **more}

    def claims(self, **more: object) -> dict[str, object]:
        """Claims that are right, with some others; what is None is left out."""
        now = int(time.time())
        right = {"iss": self.url, "aud": "holdline-ci-guard", "iat": now, "nbf": now, "exp": now + 300}
        return {name: value for name, value in {**right, **more}.items() if value is not None}

    def sign(self, claims: dict[str, object], kid: str | None = "r", key: Any = None, algorithm: str = "RS256") -> str:
        headers = {} if kid is None else {"kid": kid}
        return jwt.encode(claims, key or self.rsa, algorithm=algorithm, headers=headers)


@pytest.fixture(scope="session")
def _issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    folder = tmp_path_factory.mktemp("issuer")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate = folder / "ca.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_text(pem(key))
    server = _Server(("127.0.0.1", 0), _Handler)
    server.answers, server.asked = {}, []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield Issuer(server, certificate)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def issuer(_issuer: Issuer) -> Issuer:
    _issuer.reset()
    return _issuer


@pytest.fixture
def run_script(tmp_path: Path) -> Callable[..., SimpleNamespace]:
    """Run a script in a process that is started with these variables and no others.

    `connected` of what comes back says whether it got as far as to where it would connect: `connect()` in the script.
    """

    def run(script: str, environ: dict[str, str], *options: str) -> SimpleNamespace:
        mark = tmp_path / "connected"
        mark.unlink(missing_ok=True)
        path = tmp_path / "script.py"
        path.write_text(f"def connect():\n    open({str(mark)!r}, 'w').close()\n\n{script}\nconnect()\n")
        done = subprocess.run(
            [sys.executable, *options, str(path)],
            env={"PATH": get_env()["PATH"], **environ},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr, connected=mark.exists())

    return run
