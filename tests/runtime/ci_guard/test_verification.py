"""Tokens: the right one, and each way to be wrong."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from holdline_runtime.ci_guard.fetching import Deadline, FetchError
from holdline_runtime.ci_guard.verification import TokenError, verified_claims

KEYS = "/keys"


def claims_of(token: str, issuer: Any, name: str | None = None) -> dict[str, Any]:
    return verified_claims(token, name or issuer.url, "holdline-ci-guard", Deadline(5), issuer.ca_file)


def failure(token: str, issuer: Any, name: str | None = None) -> str:
    with pytest.raises(TokenError) as caught:
        claims_of(token, issuer, name)
    assert not any(part in str(caught.value) for part in token.split(".") if part)
    return str(caught.value)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_good_token_of_each_algorithm(issuer: Any) -> None:
    assert claims_of(issuer.sign(issuer.claims(ref="x")), issuer)["ref"] == "x"
    assert claims_of(issuer.sign(issuer.claims(ref="y"), "e", issuer.ec, "ES256"), issuer)["ref"] == "y"


def test_a_key_that_is_not_the_issuers(issuer: Any) -> None:
    assert failure(issuer.sign(issuer.claims(), key=issuer.other), issuer) == "its signature is not the issuer's"


def test_claims_changed_after_signing(issuer: Any) -> None:
    head, _, signature = issuer.sign(issuer.claims()).split(".")
    forged = f"{head}.{part(issuer.claims(repository='acme/shop'))}.{signature}"
    assert failure(forged, issuer) == "its signature is not the issuer's"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"iss": "https://evil.example"}, "it is another issuer's"),
        ({"aud": "sts.amazonaws.com"}, "it is for another audience"),
        ({"aud": ["a", "b"]}, "it is for another audience"),
        ({"exp": 1_000_000_000}, "it has expired"),
        ({"nbf": 4_000_000_000}, "it is not valid yet"),
        ({"iat": 4_000_000_000}, "it is not valid yet"),
        ({"exp": None}, "it lacks a claim that every token has"),
        ({"iat": None}, "it lacks a claim that every token has"),
        ({"aud": None}, "it lacks a claim that every token has"),
        ({"iss": None}, "it lacks a claim that every token has"),
        ({"exp": "soon"}, "it is no valid token"),
    ],
)
def test_claims_that_are_wrong(issuer: Any, change: dict[str, object], said: str) -> None:
    claims = {name: value for name, value in {**issuer.claims(), **change}.items() if value is not None}
    head, body = part({"alg": "RS256", "typ": "JWT", "kid": "r"}), part(claims)
    signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(
        f"{head}.{body}".encode(), issuer.rsa
    )
    token = f"{head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    assert failure(token, issuer) == said


def test_clocks_may_differ_a_little(issuer: Any) -> None:
    now = int(time.time())
    assert claims_of(issuer.sign(issuer.claims(exp=now - 10, nbf=now + 10, iat=now + 10)), issuer)
    assert failure(issuer.sign(issuer.claims(exp=now - 60)), issuer) == "it has expired"


def test_no_signature(issuer: Any) -> None:
    unsigned = f"{part({'alg': 'none', 'kid': 'r'})}.{part(issuer.claims())}."
    assert failure(unsigned, issuer) == "it is no signed JSON Web Token"
    assert "neither by RS256" in failure(unsigned + "eA", issuer)
    assert issuer.asked == []  # nothing is fetched for what cannot be good


def test_the_public_key_as_a_shared_secret(issuer: Any) -> None:
    public = issuer.rsa.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for secret in (public, json.dumps(issuer.jwk(issuer.rsa, "r")).encode()):
        head, body = part({"alg": "HS256", "typ": "JWT", "kid": "r"}), part(issuer.claims())
        hmac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
        signature = hmac.sign(f"{head}.{body}".encode(), secret)
        token = f"{head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
        assert "neither by RS256" in failure(token, issuer)


def test_a_shared_secret_among_the_published_keys_is_no_key(issuer: Any) -> None:
    issuer.publish(
        {"issuer": issuer.url, "jwks_uri": issuer.url + KEYS},
        [{"kty": "oct", "kid": "r", "k": "c2VjcmV0"}],
    )
    assert "something else" in failure(issuer.sign(issuer.claims()), issuer)


def test_the_algorithm_is_that_of_the_key(issuer: Any) -> None:
    assert failure(issuer.sign(issuer.claims(), "e"), issuer) in (
        "it is no valid token",
        "its signature is not the issuer's",
    )


@pytest.mark.parametrize("algorithm", ["RS512", "PS256"])
def test_other_algorithms_are_refused_though_the_signature_is_good(issuer: Any, algorithm: str) -> None:
    assert "neither by RS256" in failure(issuer.sign(issuer.claims(), algorithm=algorithm), issuer)


def test_the_key_must_be_named_and_known(issuer: Any) -> None:
    assert failure(issuer.sign(issuer.claims(), kid=None), issuer) == "it does not say which key has signed it"
    assert "not the issuer's" in failure(issuer.sign(issuer.claims(), kid="unknown"), issuer)


def test_two_keys_of_one_name_are_none(issuer: Any) -> None:
    for keys in (("rsa", "other"), ("other", "rsa")):
        issuer.publish(
            {"issuer": issuer.url, "jwks_uri": issuer.url + KEYS},
            [issuer.jwk(getattr(issuer, key), "r") for key in keys],
        )
        assert failure(issuer.sign(issuer.claims()), issuer) == "the key that it says has signed it is not the issuer's"


@pytest.mark.parametrize("more", [{"use": "enc"}, {"alg": "RS512"}, {"kty": "EC"}, {"n": "!"}, {"n": ""}, {"e": ""}])
def test_keys_that_are_for_something_else_or_broken(issuer: Any, more: dict[str, str]) -> None:
    key = {**issuer.jwk(issuer.rsa, "r"), **more}
    issuer.publish({"issuer": issuer.url, "jwks_uri": issuer.url + KEYS}, [key])
    assert "the key that it says has signed it" in failure(issuer.sign(issuer.claims()), issuer)


@pytest.mark.filterwarnings("ignore:The RSA key:UserWarning")
def test_short_keys_and_other_curves(issuer: Any) -> None:
    short = rsa.generate_private_key(65537, 1024)
    curve = ec.generate_private_key(ec.SECP384R1())
    keys = [issuer.jwk(short, "s"), issuer.jwk(curve, "c")]
    issuer.publish({"issuer": issuer.url, "jwks_uri": issuer.url + KEYS}, keys)
    assert "fewer than 2048 bits" in failure(issuer.sign(issuer.claims(), "s", short), issuer)
    es384 = jwt.encode(issuer.claims(), curve, algorithm="ES384", headers={"kid": "c"})
    assert "neither by RS256" in failure(es384, issuer)
    _head, body, signature = es384.split(".")
    assert failure(f"{part({'alg': 'ES256', 'kid': 'c'})}.{body}.{signature}", issuer)


def test_critical_extensions_that_nobody_knows(issuer: Any) -> None:
    token = jwt.encode(issuer.claims(), issuer.rsa, "RS256", headers={"kid": "r", "crit": ["x"], "x": 1})
    assert failure(token, issuer)


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "a.b.c.d", "{}.{}.{}", "é.é.é", "x" * 20_000, "a.b.c\n"])
def test_what_is_no_token(issuer: Any, token: str) -> None:
    with pytest.raises(TokenError, match="no signed JSON Web Token"):
        claims_of(token, issuer)
    assert issuer.asked == []


def unavailable(issuer: Any, name: str | None = None) -> str:
    with pytest.raises(FetchError) as caught:
        claims_of(issuer.sign(issuer.claims()), issuer, name)
    return str(caught.value)


def test_a_discovery_document_of_another_issuer(issuer: Any) -> None:
    issuer.publish({"issuer": "https://evil.example", "jwks_uri": issuer.url + KEYS}, [])
    assert "another issuer's" in unavailable(issuer)
    assert "another issuer's" in unavailable(issuer, issuer.url + "/")


@pytest.mark.parametrize("where", ["https://evil.example/keys", "http://localhost/keys", "file:///etc/keys", ""])
def test_keys_elsewhere_than_on_the_issuers_host(issuer: Any, where: object) -> None:
    issuer.publish({"issuer": issuer.url, "jwks_uri": where}, [issuer.jwk(issuer.rsa, "r")])
    assert unavailable(issuer) == "its keys are not on its own host"
    assert len(issuer.asked) == 1


def test_keys_that_are_nowhere(issuer: Any) -> None:
    issuer.publish({"issuer": issuer.url, "jwks_uri": 3}, [])
    assert "another issuer's, or none" in unavailable(issuer)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"keys": {}}', json.dumps({"keys": [{}] * 101}).encode(), b"null"])
def test_keys_that_are_none(issuer: Any, body: bytes) -> None:
    issuer.answers[KEYS] = body
    assert unavailable(issuer) == "its keys are no JSON Web Key Set"


def test_keys_of_odd_types_are_passed_over(issuer: Any) -> None:
    keys = [*("x", None, 3, []), issuer.jwk(issuer.rsa, "r")]
    issuer.answers[KEYS] = json.dumps({"keys": keys}).encode()
    assert claims_of(issuer.sign(issuer.claims()), issuer)


def test_keys_that_cannot_be_had(issuer: Any) -> None:
    del issuer.answers[KEYS]
    assert unavailable(issuer) == "the answer is 404"


def test_without_the_extra_it_says_so(issuer: Any) -> None:
    program = "import sys; sys.modules['jwt'] = None\n"
    program += "from holdline_runtime.ci_guard.verification import *\n"
    program += "from holdline_runtime.ci_guard.fetching import Deadline\n"
    program += "try: verified_claims('a.b.c', 'https://x', 'a', Deadline(1), None)\n"
    program += "except TokenError as error: print(error)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "the extra [oidc]" in done.stdout
