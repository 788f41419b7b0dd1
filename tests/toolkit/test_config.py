"""Reading the configuration, and the one-line errors for everything that can be wrong with it."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

from holdline import config_schema
from holdline.config import Config, EnvConfig, LinterConfig, ProfileConfig, check_select, load_config
from holdline.errors import ConfigError
from holdline_runtime import get_env

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "configuration.md"
FULL = """
select = ["HL1", "HL105"]
exclude = ["vendor/**"]
tests = ["spec/**"]
priority = ["spec/critical/**", "spec/**/*auth*"]
migrations = ["env-access", "other"]

[{prefix}env]
get = "app.env:get"
patch = "app.env:patched"
api = "methods"

[[{prefix}linters]]
name = "mypy"
command = ".venv/bin/mypy --no-pretty '{{files}}'"
format = "gcc"

[[{prefix}linters]]
name = "ruff-2"
command = ["ruff", "check", "{{files}}", "--output-format", "json"]
format = "ruff-json"
files = ["src/**/*.py"]
configuration = ["config/*.toml"]
export = "all"
timeout = 20

[{prefix}environments.staging]
ENVIRONMENT = "staging"
WORKERS = "2"
"""
EXPECTED = Config(
    select=("HL1", "HL105"),
    exclude=("vendor/**",),
    tests=("spec/**",),
    priority=("spec/critical/**", "spec/**/*auth*"),
    migrations=("env-access", "other"),
    env=EnvConfig(get="app.env:get", patch="app.env:patched", api="methods"),
    linters=(
        LinterConfig("mypy", (".venv/bin/mypy", "--no-pretty", "{files}"), "gcc"),
        LinterConfig(
            "ruff-2",
            ("ruff", "check", "{files}", "--output-format", "json"),
            "ruff-json",
            ("src/**/*.py",),
            ("config/*.toml",),
            "all",
            20,
        ),
    ),
    environments=(ProfileConfig("staging", (("ENVIRONMENT", "staging"), ("WORKERS", "2"))),),
)


def pyproject(body: str) -> str:
    return "[tool.holdline]\n" + body


def settings(config: Config) -> Config:
    """What a configuration sets, wherever it came from."""
    return config._replace(origin=Config().origin, select_origin=Config().select_origin)


def error_of(root: Path, explicit: Path | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(root, explicit)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_defaults_without_a_file(tmp_path: Path) -> None:
    config = load_config(tmp_path)
    assert config == Config()
    assert config.select == ("HL1",)
    assert config.migrations == ("env-access",)
    assert config.env == EnvConfig("holdline_runtime:get_env", "holdline_runtime:patch_env", "mapping")


def test_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(pyproject(FULL.format(prefix="tool.holdline.")))
    assert settings(load_config(tmp_path)) == EXPECTED


def test_holdline_toml(tmp_path: Path) -> None:
    (tmp_path / "holdline.toml").write_text(FULL.format(prefix=""))
    (tmp_path / "pyproject.toml").write_text("[tool.holdlines]\nselect = 1\n[project]\nname = 'x'\n")
    assert settings(load_config(tmp_path)) == EXPECTED


def test_pyproject_without_our_table_gives_defaults(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n[tool.ruff]\n")
    assert settings(load_config(tmp_path)) == Config()


def test_empty_table_gives_defaults(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(pyproject(""))
    assert settings(load_config(tmp_path)) == Config()


def test_both_files_configured(tmp_path: Path) -> None:
    (tmp_path / "holdline.toml").write_text("")
    (tmp_path / "pyproject.toml").write_text(pyproject(""))
    assert error_of(tmp_path) == (
        "holdline.toml and [tool.holdline] in pyproject.toml both configure Holdline: keep one of them"
    )


def test_explicit_file_is_read_alone(tmp_path: Path) -> None:
    (tmp_path / "holdline.toml").write_text("broken")
    explicit = tmp_path / "strict.toml"
    explicit.write_text(FULL.format(prefix=""))
    assert settings(load_config(tmp_path, explicit)) == EXPECTED
    other = tmp_path / "sub" / "pyproject.toml"
    other.parent.mkdir()
    other.write_text(pyproject(FULL.format(prefix="tool.holdline.")))
    assert settings(load_config(tmp_path, other)) == EXPECTED


def test_explicit_file_that_does_not_configure_us(tmp_path: Path) -> None:
    missing = tmp_path / "nope.toml"
    assert error_of(tmp_path, missing) == f"{missing}: there is no such file"
    explicit = tmp_path / "pyproject.toml"
    explicit.write_text("[project]\n")
    assert error_of(tmp_path, explicit) == f"{explicit}: it has no table [tool.holdline]"


def test_tool_table_in_holdline_toml(tmp_path: Path) -> None:
    (tmp_path / "holdline.toml").write_text(pyproject(""))
    assert error_of(tmp_path).startswith("holdline.toml: tool: put the keys of [tool.holdline] at the top level")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "exlude = []",
            "exlude: unknown key; the nearest valid key is 'exclude' "
            "(valid: select, exclude, tests, priority, migrations, env, linters, environments, contract)",
        ),
        ("imports = {}", "imports: unknown key; the nearest valid key is "),
        ('"odd\\nkey" = 1', '"odd\\nkey": unknown key; the nearest valid key is '),
        ("env.apis = 1", "env.apis: unknown key; the nearest valid key is 'api' (valid: get, patch, api, snapshot)"),
        ('select = "HL1"', "select: expected an array of strings, got a string ('HL1')"),
        ('select = ["HL1", 5]', "select[1]: expected a string, got an integer (5)"),
        ("select = []", "select: expected at least one rule code or prefix, got an empty array"),
        ('select = ["hl1"]', "select: 'hl1' is not a rule code or prefix such as 'HL101' or 'HL1'"),
        ('select = ["HL1*"]', "select: 'HL1*' is not a rule code or prefix"),
        ('select = [""]', "select: '' is not a rule code or prefix"),
        ("exclude = true", "exclude: expected an array of strings, got a boolean (True)"),
        ("exclude = 1.5", "exclude: expected an array of strings, got a float (1.5)"),
        ("exclude = 2020-01-01", "exclude: expected an array of strings, got a date"),
        ("exclude = 2020-01-01T00:00:00", "exclude: expected an array of strings, got a date-time"),
        ("exclude = 10:00:00", "exclude: expected an array of strings, got a time"),
        ("exclude = [[]]", "exclude[0]: expected a string, got an array"),
        ("tests = {}", "tests: expected an array of strings, got a table"),
        ('exclude = ["a[b"]', "exclude: bad glob 'a[b': '[' has no closing ']'"),
        ('tests = ["/tests"]', "tests: bad glob '/tests': a glob is relative to the root"),
        ('priority = ["a", "../b"]', "priority: bad glob '../b': '..' is not allowed"),
        ("migrations = []", "migrations: expected at least one migration, got an empty array"),
        ('migrations = [""]', "migrations: expected names of migrations, got an empty string"),
        ("env = 1", "env: expected a table, got an integer (1)"),
        ("env.get = 1", "env.get: expected a string 'module:name', got an integer (1)"),
        ('env.get = "app.env"', "env.get: expected 'module:name' such as 'app.env:get_env', got 'app.env'"),
        ('env.patch = "a..b:c"', "env.patch: expected 'module:name'"),
        ('env.patch = ":c"', "env.patch: expected 'module:name'"),
        ('env.patch = "a:b:c"', "env.patch: expected 'module:name'"),
        ('env.patch = "a.import:c"', "env.patch: expected 'module:name'"),
        ('env.api = "map"', "env.api: expected 'mapping' or 'methods', got a string ('map')"),
        ("env.api = []", "env.api: expected 'mapping' or 'methods', got an array"),
        ("env.snapshot = true", "env.snapshot: expected the name of a method, got a boolean (True)"),
        ('env.snapshot = "get all"', "env.snapshot: expected the name of a method such as 'get_all', got 'get all'"),
        ('env.snapshot = "class"', "env.snapshot: expected the name of a method such as 'get_all', got 'class'"),
        ("linters = {}", "linters: expected an array of tables, got a table"),
        ("linters = [1]", "linters[0]: expected a table, got an integer (1)"),
        ("linters = [{}]", "linters[0]: the key 'name' is missing"),
        ('linters = [{name = "x", format = "gcc"}]', "linters[0]: the key 'command' is missing"),
        ('linters = [{name = "x", command = "x {files}"}]', "linters[0]: the key 'format' is missing"),
        ('linters = [{nam = "x"}]', "linters[0].nam: unknown key; the nearest valid key is 'name'"),
        ("linters = [{name = 1}]", "linters[0].name: expected a string, got an integer (1)"),
        ('linters = [{name = "My lint"}]', "linters[0].name: expected lower-case letters, digits and hyphens such as"),
        ("linters = [{name = 'a-'}]", "linters[0].name: expected lower-case letters"),
        (
            'linters = [{name = "x", command = "x {files}", format = "gcc"}, '
            '{name = "x", command = "y {files}", format = "sarif"}]',
            "linters[1].name: there are two linters named 'x'",
        ),
        ("linters = [{command = 1}]", "linters[0].command: expected a string or an array of strings, got an integer"),
        ("linters = [{command = [1]}]", "linters[0].command[0]: expected a string, got an integer (1)"),
        ('linters = [{command = "x \'{files}"}]', "linters[0].command: not a command line: No closing quotation in"),
        ('linters = [{command = "mypy ."}]', "linters[0].command: expected a program and one argument '{files}'"),
        ('linters = [{command = "x --on={files}"}]', "linters[0].command: expected a program and one argument"),
        ('linters = [{command = "x {files} {files}"}]', "linters[0].command: expected a program and one argument"),
        ('linters = [{command = "{files}"}]', "linters[0].command: expected a program and one argument"),
        ('linters = [{command = ""}]', "linters[0].command: expected a program and one argument"),
        ("linters = [{command = []}]", "linters[0].command: expected a program and one argument"),
        ('linters = [{command = ["", "{files}"]}]', "linters[0].command: expected a program and one argument"),
        (
            'linters = [{command = ["x", "\\u0000", "{files}"]}]',
            "linters[0].command: an argument cannot hold a null character",
        ),
        ('linters = [{format = "json"}]', "linters[0].format: expected 'sarif' or 'ruff-json' or 'gcc', got a string"),
        ("linters = [{files = []}]", "linters[0].files: expected at least one glob, got an empty array"),
        ('linters = [{files = ["/a"]}]', "linters[0].files: bad glob '/a': "),
        ('linters = [{configuration = ["a["]}]', "linters[0].configuration: bad glob 'a[': "),
        ("linters = [{export = true}]", "linters[0].export: expected 'changed' or 'all', got a boolean (True)"),
        ("linters = [{timeout = 0}]", "linters[0].timeout: expected a number of seconds from 1 on, got an integer (0)"),
        ("linters = [{timeout = true}]", "linters[0].timeout: expected a number of seconds from 1 on, got a boolean"),
    ],
)
def test_wrong_values(tmp_path: Path, body: str, message: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(pyproject(body))
    assert error_of(tmp_path).startswith("pyproject.toml: tool.holdline." + message)
    path.rename(tmp_path / "holdline.toml")
    (tmp_path / "holdline.toml").write_text(body)
    assert error_of(tmp_path).startswith("holdline.toml: " + message)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"[tool.holdline", "not valid TOML: "),
        (b"[tool.holdline]\na = '\xff'", "expected UTF-8, got the byte 0xff at offset 21"),
        ("[tool.holdline]\n".encode("utf-16"), "expected UTF-8, got the byte 0xff at offset 0"),
        (b"holdline = " + b"[" * 100_000, "not valid TOML: nested too deeply"),
        (b"tool = 'holdline'", "tool: expected a table"),
        (b"[tool]\nholdline = 1", "tool.holdline: expected a table, got an integer (1)"),
        (b"[[tool.holdline]]", "tool.holdline: expected a table, got an array"),
    ],
)
def test_unreadable_contents(tmp_path: Path, contents: bytes, message: str) -> None:
    (tmp_path / "pyproject.toml").write_bytes(contents)
    assert error_of(tmp_path).startswith("pyproject.toml: " + message)


@pytest.mark.parametrize("contents", [b"tool = 1", b"[project", b"a = " + b"[" * 100_000])
def test_a_pyproject_that_does_not_mention_us_is_none_of_our_business(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(contents)
    assert load_config(tmp_path) == Config()


@pytest.mark.parametrize("key", ['"hold\\u006cine"', '"\\u0068oldline"'])
def test_a_table_spelled_with_escapes(tmp_path: Path, key: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[tool.{key}]\nexclude = ["x"]\n')
    assert load_config(tmp_path).exclude == ("x",)


def test_a_folder_in_the_files_place(tmp_path: Path) -> None:
    (tmp_path / "holdline.toml").mkdir()
    assert error_of(tmp_path) == f"{tmp_path / 'holdline.toml'}: cannot read the configuration: Is a directory"


def test_a_dangling_symlink(tmp_path: Path) -> None:
    (tmp_path / "holdline.toml").symlink_to("nowhere")
    assert error_of(tmp_path).endswith("holdline.toml: it is a symlink to a file that does not exist")


def test_schema_and_values_have_the_same_keys() -> None:
    origins = {"origin", "select_origin", "frozen"}  # what the contract's own file says is no key
    assert set(Config._fields) - origins == set(config_schema._KEYS)
    assert set(EnvConfig._fields) == set(config_schema._ENV_KEYS)


def test_documented_example_is_valid(tmp_path: Path) -> None:
    example = DOCUMENTATION.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    (tmp_path / "pyproject.toml").write_text(example)
    config = load_config(tmp_path)
    assert config.priority == ("tests/mission_critical/**", "tests/**/*auth*")
    assert settings(config)._replace(exclude=(), priority=(), tests=Config().tests) == Config()


def test_documented_defaults_are_true(tmp_path: Path) -> None:
    (line,) = re.findall(r"^tests = .*\*\*/tests/.*$", DOCUMENTATION.read_text(encoding="utf-8"), re.MULTILINE)
    (tmp_path / "holdline.toml").write_text(line)
    assert settings(load_config(tmp_path)) == Config()


def test_documentation_has_every_key() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    keys = {*config_schema._KEYS, *(f"env.{key}" for key in config_schema._ENV_KEYS)} - {"env"}
    assert [key for key in sorted(keys) if f"### `{key}`" not in text] == []
    linters = (DOCUMENTATION.parent / "linters.md").read_text(encoding="utf-8")
    assert [key for key in config_schema._LINTER_KEYS if f"| `{key}` |" not in linters] == []


@pytest.mark.parametrize(
    ("select", "code", "default_on", "expected"),
    [
        (("HL1",), "HL101", True, True),
        (("HL1",), "HL105", False, False),
        (("HL10",), "HL105", False, False),
        (("HL1", "HL105"), "HL105", False, True),
        (("HL105",), "HL105", False, True),
        (("HL105",), "HL101", True, False),
        (("HL2", "HL101"), "HL101", True, True),
        (("HL101",), "HL1011", True, True),
        (("HL",), "HL401", True, True),
    ],
)
def test_selected(select: tuple[str, ...], code: str, default_on: bool, expected: bool) -> None:
    assert Config(select=select).selected(code, default_on) is expected


def test_with_select_replaces_codes() -> None:
    assert Config().with_select("HL101, HL105").select == ("HL101", "HL105")
    with pytest.raises(ConfigError, match=r"^--select: 'nope' is not a rule code"):
        Config().with_select("HL1,nope")
    with pytest.raises(ConfigError, match=r"^--select: '' is not a rule code"):
        Config().with_select("")


def test_with_select_takes_in_the_rules_of_a_contract_by_a_prefix() -> None:
    """They are off by default, where a prefix does not reach them, but a contract has turned them on."""
    assert Config().with_select("HL3").select == ("HL3",)
    held = Config().with_contract(b"version = 1\n").with_select("HL101,HL30")
    assert held.select == ("HL101", "HL30", "HL301", "HL302", "HL303", "HL304", "HL305", "HL306")
    assert Config().with_contract(b"version = 1\n").with_select("HL101").select == ("HL101",)


def test_check_select_names_where_the_entry_came_from(tmp_path: Path) -> None:
    codes = ["HL101", "HL102", "HL205"]
    check_select(Config(select=("HL1", "HL205")), codes)
    with pytest.raises(ConfigError, match=r"^--select: no rule has the code or prefix 'HL109'; the nearest is 'HL10"):
        check_select(Config().with_select("HL109"), codes)
    (tmp_path / "pyproject.toml").write_text(pyproject('select = ["HL9"]'))
    with pytest.raises(ConfigError, match=r"^pyproject\.toml: tool\.holdline\.select: no rule has .* 'HL9'"):
        check_select(load_config(tmp_path), codes)


@pytest.mark.parametrize(
    "change",
    [
        {"select": ("HL101",)},
        {"tests": ("t/**",)},
        {"migrations": ("other",)},
        {"env": EnvConfig(get="a:b")},
        {"env": EnvConfig(api="methods")},
        {"environments": (ProfileConfig("staging"),)},
    ],
)
def test_fingerprint_changes_with_what_counts(change: dict[str, object]) -> None:
    assert Config()._replace(**change).fingerprint() != Config().fingerprint()  # type: ignore[arg-type]


def test_fingerprint_ignores_what_does_not_count() -> None:
    linters = (LinterConfig("x", ("x", "{files}"), "gcc"),)
    same = Config(exclude=("x",), priority=("y",), linters=linters, origin="elsewhere")
    assert same.fingerprint() == Config().fingerprint()
    assert Config(select=("HL1", "HL2")).fingerprint() == Config(select=("HL2", "HL1")).fingerprint()


def test_fingerprint_is_stable_across_processes() -> None:
    code = "from holdline.config import Config; print(Config().fingerprint())"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**get_env(), "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == Config().fingerprint()


def test_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(EXPECTED)) == EXPECTED
