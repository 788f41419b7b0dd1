"""What is shown of addresses: never what may be secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdline.fleet.addresses import default_name, is_local, masked, problem_with, shown


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://example.org/a.git", "https://example.org/a.git"),
        ("https://ann:pw@example.org:8443/a", "https://example.org:8443/a"),
        ("https://ghp_token@example.org/a", "https://example.org/a"),
        ("https://a:b@c@example.org/a", "https://example.org/a"),
        ("https://example.org/a?private_token=x#y", "https://example.org/a"),
        ("https://example.org/@scope/a", "https://example.org/@scope/a"),
        ("ssh://git@example.org/a", "ssh://git@example.org/a"),
        ("ssh://git:pw@example.org:22/a", "ssh://git@example.org:22/a"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
        ("/srv/git/a?b.git", "/srv/git/a?b.git"),
        ("https://", "https://"),
    ],
)
def test_shown(url: str, public: str) -> None:
    assert shown(url) == public


secrets = st.text("abcXYZ012%!$&'()*+,;=-._~", min_size=6, max_size=20)


@given(secrets, st.sampled_from(["https", "http", "ftp", "ssh"]))
def test_a_password_is_neither_shown_nor_left_in_a_complaint(password: str, scheme: str) -> None:
    url = f"{scheme}://user:{password}@example.org/team/shop.git"
    assert password not in shown(url)
    said = masked(f"fatal: cannot read '{url}': {password} was refused", url)
    assert password not in said.replace("***", "")
    assert "was refused" in said


def test_an_encoded_password_is_found_in_plain_as_well() -> None:
    said = masked("it was a/b", "https://u:a%2Fb@example.org/x")
    assert said == "it was ***"


def test_without_a_secret_nothing_is_changed() -> None:
    assert masked("a git@example.org:x b", "git@example.org:x") == "a git@example.org:x b"
    assert masked("anything", "") == "anything"


@pytest.mark.parametrize(
    ("url", "local"),
    [("../a.git", True), ("/a", True), ("a", True), ("./b:c", True), ("host:a", False), ("file:///a", False)],
)
def test_is_local(url: str, local: bool) -> None:
    assert is_local(url) is local


@pytest.mark.parametrize("url", ["", " ", "a\0", "-oProxyCommand=x", "https://a\nb", "https://u:a/b@example.org/x"])
def test_problems_quote_nothing(url: str) -> None:
    problem = problem_with(url)
    assert problem.startswith("expected the address of a git remote")
    assert "a/b" not in problem


def test_a_path_may_have_any_name() -> None:
    assert problem_with("/srv/a\x1b\nb") == ""


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("https://u:p@example.org/team/shop.git", "shop"),
        ("https://example.org/shop/", "shop"),
        ("git@example.org:shop.git", "shop"),
        ("/", ""),
    ],
)
def test_default_name(source: str, name: str) -> None:
    assert default_name(source) == name
