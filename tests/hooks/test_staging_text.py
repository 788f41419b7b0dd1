"""Pytest's configuration and a conftest, edited byte for byte."""

from __future__ import annotations

import ast

import pytest

from holdline_hooks.staging_text import TRIPWIRE, NotUnderstood, apply, configure, section_of, take_back, trip

INI = "required_plugins = holdline\nholdline_environments = staging\n"
TOML = 'required_plugins = ["holdline"]\nholdline_environments = ["staging"]\n'


def check(name: str, before: str, after: str) -> None:
    edits = configure(name, before, section_of(name, before))
    assert apply(before, edits) == after
    assert take_back(after, edits) == before
    assert configure(name, after, section_of(name, after)) == []


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("pytest.ini", "[pytest]\n", f"[pytest]\n{INI}"),
        ("pytest.ini", "[pytest]", f"[pytest]\n{INI}"),
        ("pytest.ini", "# c\n[pytest]\naddopts = -q 5%\n\n[other]\nx=1\n", f"# c\n[pytest]\n{INI}addopts = -q 5%\n\n[other]\nx=1\n"),
        ("tox.ini", "[tox]\nenvlist = py\n[pytest]\n", f"[tox]\nenvlist = py\n[pytest]\n{INI}"),
        ("setup.cfg", "[metadata]\nname = x\n[tool:pytest]\nx = 1\n", f"[metadata]\nname = x\n[tool:pytest]\n{INI}x = 1\n"),
        ("pytest.ini", "[pytest]\r\nx = 1\r\n", "[pytest]\r\n" + INI.replace("\n", "\r\n") + "x = 1\r\n"),
        (
            "pytest.ini",
            "[pytest]\nrequired_plugins = pytest-xdist\n",
            "[pytest]\nholdline_environments = staging\nrequired_plugins = pytest-xdist holdline\n",
        ),
        (
            "pytest.ini",
            "[pytest]\nrequired_plugins =\n    pytest-xdist\n",
            "[pytest]\nholdline_environments = staging\nrequired_plugins = holdline\n    pytest-xdist\n",
        ),
        ("pytest.ini", "[pytest]\nrequired_plugins = holdline>=0.1\n", "[pytest]\nholdline_environments = staging\nrequired_plugins = holdline>=0.1\n"),
        ("pytest.ini", "[pytest]\nholdline_environments = qa\n", "[pytest]\nrequired_plugins = holdline\nholdline_environments = qa\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\n", f"[tool.pytest.ini_options]\n{TOML}"),
        ("pyproject.toml", "[tool.pytest.ini_options]  # c\nx = 1 # c\n", f"[tool.pytest.ini_options]  # c\n{TOML}x = 1 # c\n"),
        ("pyproject.toml", "[ tool . pytest . ini_options ]\n", f"[ tool . pytest . ini_options ]\n{TOML}"),
        ("pyproject.toml", '[tool.pytest]\naddopts = ["-q"]\n', f'[tool.pytest]\n{TOML}addopts = ["-q"]\n'),
        ("pyproject.toml", "[project]\nname = 'x'\n", f"[project]\nname = 'x'\n\n[tool.pytest.ini_options]\n{TOML}"),
        ("pyproject.toml", "x = 1", f"x = 1\n\n[tool.pytest.ini_options]\n{TOML}"),
        ("pytest.toml", "[pytest]\nx = 1\n", f"[pytest]\n{TOML}x = 1\n"),
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\nrequired_plugins = ["a", "b",]  # two\n',
            '[tool.pytest.ini_options]\nholdline_environments = ["staging"]\nrequired_plugins = ["a", "b", "holdline"]  # two\n',
        ),
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\nrequired_plugins = []\n",
            '[tool.pytest.ini_options]\nholdline_environments = ["staging"]\nrequired_plugins = ["holdline"]\n',
        ),
    ],
)  # fmt: skip
def test_configure(name: str, before: str, after: str) -> None:
    check(name, before, after)


@pytest.mark.parametrize(
    "text",
    [
        '[tool]\npytest = {ini_options = {addopts = "-q"}}\n',
        '[tool.pytest.ini_options]\nrequired_plugins = [\n  "a",\n]\n',
        '[tool.pytest.ini_options]\nrequired_plugins = "a"\n',
        'tool.pytest.ini_options.addopts = "-q"\n',
    ],
)
def test_a_layout_that_is_not_understood_is_left_alone(text: str) -> None:
    with pytest.raises(NotUnderstood, match='holdline_environments = \\["staging"\\]'):
        configure("pyproject.toml", text, section_of("pyproject.toml", text))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "{}"),
        ("import os\n", "{}import os\n"),
        ('"""Doc."""\n', '"""Doc."""\n\n{}'),
        ('"""Doc."""\n\nimport os\n', '"""Doc."""\n\n{}import os\n'),
        ("from __future__ import annotations\nimport os\n", "from __future__ import annotations\n{}import os\n"),
        (
            '"""import os\nimport os\n"""\nimport os\nimport sys\n',
            '"""import os\nimport os\n"""\n{}import os\nimport sys\n',
        ),
        ("import os\r\nX = 1\r\n", "{}import os\r\nX = 1\r\n"),
        ("@f\ndef g(): pass\n", "{}\n@f\ndef g(): pass\n"),
        ("# comment\n\nX = 1\n", "# comment\n\n{}\nX = 1\n"),
    ],
)
def test_trip(before: str, after: str) -> None:
    eol = "\r\n" if "\r\n" in before else "\n"
    edits = trip(before)
    changed = apply(before, edits)
    assert changed == after.format(TRIPWIRE + eol)
    assert take_back(changed, edits) == before
    assert trip(changed) == []
    ast.parse(changed)


@pytest.mark.parametrize("text", ["import os", '"""Doc."""; import os\n'])
def test_a_conftest_that_is_not_understood_is_left_alone(text: str) -> None:
    with pytest.raises(NotUnderstood, match="staging_only"):
        trip(text)


def test_what_was_edited_since_is_not_taken_back() -> None:
    edits = configure("pytest.ini", "[pytest]\n", "pytest")
    changed = apply("[pytest]\n", edits)
    assert take_back(changed.replace("staging", "staging qa"), edits) is None
    assert take_back(f"# mine\n{changed}addopts = -q\n", edits) == "# mine\n[pytest]\naddopts = -q\n"
