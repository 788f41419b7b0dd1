"""Who owns a file: the rules of GitHub and GitLab, with the examples of their documentation."""

from __future__ import annotations

import pytest

from holdline.codeowners import CodeOwners

GITHUB = """\
# a comment, and a line that is empty

*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
tests/a\\ b/ @blank
\\#odd.py @hash
broken[ @nobody
te**st.py @stars
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("setup.py", "@global-owner1 @global-owner2"),
        ("deep/down/x.js", "@js-owner"),
        ("x.go", "docs@example.com"),
        ("build/logs/a/b.py", "@octocat"),  # **/logs comes later
        ("lib/build/logs.py", "@global-owner1 @global-owner2"),
        ("docs/getting.md", "@doctocat"),
        ("lib/apps/x.py", "@octocat"),
        ("scripts/deep/x.py", "@doctocat @octocat"),
        ("deeply/nested/logs", "@octocat"),
        ("deeply/nested/logs/x.py", "@octocat"),
        ("apps/x.py", "@octocat"),
        ("apps/github/x.py", ""),
        ("apps/github", ""),
        ("apps/githubber", "@octocat"),
        ("tests/a b/c.py", "@blank"),
        ("#odd.py", "@hash"),
        ("broken[", "@global-owner1 @global-owner2"),
        ("deep/te123st.py", "@stars"),
        ("deep/te/st.py", "@global-owner1 @global-owner2"),
    ],
)
def test_github(path: str, owners: str) -> None:
    assert CodeOwners(GITHUB).owners(path) == tuple(owners.split())


def test_a_star_covers_just_the_files_of_a_folder() -> None:
    owners = CodeOwners("docs/* @here\n")
    assert owners.owners("docs/a.md") == ("@here",)
    assert owners.owners("docs/deep/a.md") == ()
    assert owners.owners("lib/docs/a.md") == ()


def test_a_section_is_a_pattern_on_github() -> None:
    owners = CodeOwners("* @all\n[Docs] @docs\n")
    assert owners.owners("a.py") == ("@all",)


GITLAB = """\
* @default
[Documentation] @docs-team
docs/
README.md @readme
^[Optional][2] @opt # why
*.rb
/docs/* @root-docs
[DOCUMENTATION]
/lib/ @lib
!/lib/vendored/
[Own]
lib/secret/
path/with\\ blank/ @blank name docs@example.com
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("x.py", "@default"),
        ("docs/a.md", "@default @docs-team @root-docs"),
        ("docs/deep/a.md", "@default @docs-team"),
        ("sub/docs/a.md", "@default @docs-team"),  # unlike on GitHub, whatever slash is within
        ("sub/README.md", "@default @readme"),
        ("a/b.rb", "@default @opt"),
        ("lib/a.py", "@default @lib"),
        ("lib/vendored/a.py", "@default"),
        ("sub/lib/secret/a.py", "@default"),
        ("x/path/with blank/a", "@default @blank docs@example.com"),
    ],
)
def test_gitlab(path: str, owners: str) -> None:
    assert CodeOwners(GITLAB, gitlab=True).owners(path) == tuple(owners.split())


def test_nobody() -> None:
    assert CodeOwners().owners("a.py") == ()
