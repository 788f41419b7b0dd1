"""Attempts to pass as CI, each in a real process: what is stopped, and what docs/ci-guard.md says cannot be."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from holdline_runtime import get_env

JOBS = runpy.run_path(str(Path(__file__).with_name("jobs.py")))
GITHUB: dict[str, str] = JOBS["GITHUB"]
LINUX = sys.platform == "linux"

GUARD = "from holdline_runtime import require_ci\nrequire_ci()\n"
SHOP = "from holdline_runtime import require_ci\nrequire_ci(repository='acme/shop', ref='main')\n"
ATTEST = SHOP.replace("require_ci(", "require_ci('attested', provider='github', timeout=1, ")


def refused(done: Any) -> str:
    """The one line of a refusal, before anything was connected to."""
    assert (done.code, done.connected, done.out) == (1, False, ""), done.err
    assert done.err.startswith("holdline: refused: ")
    assert done.err.count("\n") == 1
    return str(done.err)


def test_in_ci_it_runs(run_script: Any) -> None:
    assert run_script(GUARD, {"CI": "true"}).connected
    assert run_script(SHOP, GITHUB).connected


def test_outside_it_is_refused(run_script: Any) -> None:
    assert "CI was not set when the process was started; run it from a CI job\n" in refused(run_script(GUARD, {}))
    assert "run it from a CI job of acme/shop on refs/heads/main" in refused(run_script(SHOP, {}))


@pytest.mark.parametrize("options", [("-O",), ("-I",), ("-X", "dev"), ("-W", "error")])
def test_no_option_of_python_switches_it_off(run_script: Any, options: tuple[str, ...]) -> None:
    refused(run_script(GUARD, {}, *options))


IN_PROCESS = {
    "assignment": "import os\nos.environ['CI'] = 'true'",
    "update": "import os\nos.environ.update({}, CI='true')",
    "putenv": "import os\nos.putenv('CI', 'true')",
    "another mapping": "import os\nos.environ = {{'CI': 'true', **{}}}",
    "libc": "import ctypes\nctypes.CDLL(None).setenv(b'CI', b'true', 1)",
    "mock": "import os, unittest.mock as m\nm.patch.dict(os.environ, {{'CI': 'true', **{}}}).start()",
    "patch_env": "from holdline_runtime import patch_env\npatch_env({{'CI': 'true', **{}}}).start()",
    "overlay": "from holdline_runtime import patch_env\npatch_env({{'CI': 'true', **{}}}, mode='overlay').start()",
    "set": "from holdline_runtime import get_env\n[get_env().set(k, v) for k, v in {}.items()]\nget_env().set('CI', 'true')",
}


@pytest.mark.skipif(not LINUX, reason="elsewhere what is written before the first import counts, as documented")
@pytest.mark.parametrize("way", IN_PROCESS)
@pytest.mark.parametrize("guard", [GUARD, SHOP], ids=["claimed", "corroborated"])
def test_what_is_set_in_the_process_does_not_count(run_script: Any, way: str, guard: str) -> None:
    refused(run_script(f"{IN_PROCESS[way].format(GITHUB)}\n{guard}", {}))


@pytest.mark.skipif(not LINUX, reason="elsewhere it counts, as documented")
@pytest.mark.parametrize("module", ["sitecustomize", "usercustomize"])
def test_what_site_customisation_sets_does_not_count(run_script: Any, tmp_path: Path, module: str) -> None:
    (tmp_path / f"{module}.py").write_text(f"import os\nos.environ.update({GITHUB!r})\n")
    refused(run_script(f"import {module}\n{SHOP}", {"PYTHONPATH": str(tmp_path)}))


@pytest.mark.skipif(not LINUX, reason="fork and /proc")
def test_a_forked_child_of_a_patched_process_is_no_ci(run_script: Any) -> None:
    fork = "import os, sys\nfrom holdline_runtime import patch_env\n"
    fork += f"with patch_env({GITHUB!r}):\n    child = os.fork()\n    if not child:\n"
    fork += f"        exec({SHOP!r})\n        os._exit(0)\n    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    refused(run_script(fork, {}))


def test_removing_ci_in_the_process_does_not_count_either(run_script: Any) -> None:
    assert run_script(f"import os\nos.environ.clear()\n{SHOP}", GITHUB).connected


def test_ci_exported_locally_corroborates_nothing(run_script: Any) -> None:
    assert "by no provider" in refused(run_script(SHOP, {"CI": "true"}))


def test_variables_of_two_providers(run_script: Any) -> None:
    assert "at once" in refused(run_script(SHOP, {**GITHUB, **JOBS["GITLAB"]}))


@pytest.mark.parametrize("number", ["", "x", "-1", "0", "1.5", "1 ", "９", "1" * 30])
def test_a_run_id_of_the_wrong_shape(run_script: Any, number: str) -> None:
    assert "GITHUB_RUN_ID" in refused(run_script(SHOP, {**GITHUB, "GITHUB_RUN_ID": number}))


def test_an_environment_that_is_dropped_on_the_way(tmp_path: Path) -> None:
    """`sudo` without `-E`, `env -i`, `docker run` without `-e`."""
    (tmp_path / "s.py").write_text(SHOP)
    command = ["env", "-i", sys.executable, str(tmp_path / "s.py")]
    done = subprocess.run(command, env={**get_env(), **GITHUB}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("holdline: refused: CI was not set")


@pytest.mark.parametrize("catch", ["except Exception:", "except (OSError, RuntimeError, ValueError, AssertionError):"])
def test_no_except_exception_goes_on(run_script: Any, catch: str) -> None:
    refused(run_script(f"try:\n    from holdline_runtime import require_ci\n    require_ci()\n{catch}\n    pass\n", {}))


def test_misuse_in_an_except_exception_is_a_refusal(run_script: Any) -> None:
    script = (
        "try:\n    from holdline_runtime import require_ci\n    require_ci('attestd')\nexcept Exception:\n    pass\n"
    )
    assert "mend the call" in refused(run_script(script, GITHUB))


@pytest.mark.skipif(not LINUX, reason="/proc")
def test_where_the_start_cannot_be_read_it_is_refused(run_script: Any) -> None:
    script = "import holdline_runtime.startup as s\ns._BLOCK = '/nowhere'\n" + GUARD
    assert "cannot be read" in refused(run_script(script, {"CI": "true"}))


def test_a_refusal_shows_no_secret(run_script: Any) -> None:
    token = "ghp_" + "a1B2" * 9
    job = {**GITHUB, "GITHUB_REPOSITORY": token, "DATABASE_URL": "postgresql://u:hunter2@db/x"}
    said = refused(run_script(SHOP, job))
    assert token not in said
    assert "hunter2" not in said


def test_the_guard_comes_before_imports_that_connect(run_script: Any) -> None:
    """Nothing that talks to anybody is loaded by a guard that asks for no attestation."""
    script = (
        f"{SHOP}import sys\nprint(*sorted({{'socket', 'ssl', 'urllib.request', 'http', 'jwt'}} & {{*sys.modules}}))\n"
    )
    assert run_script(script, GITHUB).out == "\n"


# What cannot be stopped, so that the documentation stays true.


def test_who_sets_the_environment_can_claim_and_corroborate_but_not_attest(run_script: Any) -> None:
    """An export, `env`, `sudo -E`, a parent that patches and then starts a child: it is all the same."""
    assert run_script(GUARD, {"CI": "true"}).connected
    assert run_script(SHOP, GITHUB).connected
    assert "ACTIONS_ID_TOKEN_REQUEST_URL" in refused(run_script(ATTEST, GITHUB))
    parent = f"import subprocess, sys\nfrom holdline_runtime import patch_env\nwith patch_env({GITHUB!r}):\n"
    parent += f"    sys.exit(subprocess.run([sys.executable, '-c', {SHOP!r}]).returncode)\n"
    assert run_script(parent, {}).code == 0


def test_an_impostor_of_the_issuer_needs_the_callers_help(run_script: Any, issuer: Any) -> None:
    """Variables can name a token, authorities and a proxy: none of them makes the forged token good."""
    token = issuer.sign(issuer.claims(project_path="acme/shop", ref="main", ref_type="branch"))
    job = {**JOBS["GITLAB"], "HOLDLINE_ID_TOKEN": token, "CI_SERVER_URL": issuer.url, "SSL_CERT_FILE": issuer.ca_file}
    job |= {"https_proxy": issuer.url.replace("https", "http"), "CI_JOB_ID": "1", "CI_PIPELINE_ID": "1"}
    assert "cannot be verified" in refused(run_script(ATTEST.replace("github", "gitlab"), job))
    assert issuer.asked == []


def test_who_changes_the_code_is_not_stopped(run_script: Any, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import holdline_runtime\nholdline_runtime.require_ci = lambda *a, **k: 1\n"
    )
    assert run_script(f"import sitecustomize\n{ATTEST}", {"PYTHONPATH": str(tmp_path)}).connected
    assert run_script(
        f"try:\n    {GUARD.splitlines()[0]}\n    require_ci()\nexcept BaseException:\n    pass\n", {}
    ).connected
