"""Case 13. Whole mapping: `subprocess env=`, `{**environ}`, `dict(environ, X=…)`, `.copy()` is a dict, `copy.copy` shares
storage, mapping patterns, `environb`.
"""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("x = {**os.environ, 'X': '1'}\n", id="dict-display"),
        pytest.param("x = dict(os.environ, X='1'), dict(**os.environ), dict(os.environ)\n", id="dict"),
        pytest.param(
            "x = os.environ.copy()\ny = type(x) is dict\nx['A'] = 'changed'\nz = os.environ['A']\n", id="copy"
        ),
        pytest.param("x = list(os.environ), tuple(os.environ), sorted(os.environ), set(os.environ)\n", id="builtins"),
        pytest.param("x = [*os.environ], {*os.environ}\n", id="stars"),
        pytest.param("x = list(os.environ.items()), list(os.environ.keys()), list(os.environ.values())\n", id="views"),
        pytest.param(
            "x = [type(v).__name__ for v in (os.environ.items(), os.environ.keys(), os.environ.values())]\n",
            id="view-types",
        ),
        pytest.param(
            "x = ('A', '1') in os.environ.items(), 'A' in os.environ.keys(), '1' in os.environ.values()\n",
            id="in-views",
        ),
        pytest.param(
            "x = os.environ.keys() & {'A', 'NO'}, os.environ.items() - {('A', '1')} != set()\n", id="view-sets"
        ),
        pytest.param(
            "x = '{A} {B}'.format(**os.environ), '%(A)s' % os.environ, '{A}'.format_map(os.environ)\n", id="text"
        ),
        pytest.param(
            "x = max(os.environ), min(os.environ, key=len), len(os.environ), bool(os.environ)\n", id="numbers"
        ),
        pytest.param("x = [(i, k) for i, k in enumerate(os.environ)], list(zip(os.environ, 'xy'))\n", id="enumerate"),
        pytest.param(
            "x = os.environ == dict(os.environ), os.environ != {}, {} == os.environ, os.environ == 1\n", id="equality"
        ),
        pytest.param(
            "x = list(map(str.lower, os.environ)), list(filter(None, os.environ)), any(os.environ)\n", id="map"
        ),
        pytest.param(
            "x = {}\nx.update(os.environ)\ny = dict()\ny.update(os.environ)\nz = dict(A='x')\nz |= os.environ\n",
            id="update",
        ),
        pytest.param("def f(**kw):\n    return sorted(kw)\n\n\nx = f(**os.environ)\n", id="keyword-arguments"),
        pytest.param("def f(*a):\n    return a\n\n\nx = f(*os.environ)\n", id="arguments"),
        pytest.param(
            "match os.environ:\n    case {'A': a, 'B': str() as b, **rest}:\n        x = a, b, sorted(rest)\n",
            id="match",
        ),
        pytest.param(
            "match os.environ:\n    case {'NO': _} | []:\n        x = 1\n    case _:\n        x = 2\n", id="match-none"
        ),
        pytest.param("for x in os.environ:\n    pass\nelse:\n    y = 1\n", id="for"),
        pytest.param("def f(env):\n    return env['A'], sorted(env)\n\n\nx = f(os.environ)\n", id="own-function"),
        pytest.param(
            "def f(env):\n    env['A'] = 'v'\n    return len(env)\n\n\nx = f(env=os.environ)\n", id="own-keyword"
        ),
        pytest.param("def f():\n    if (env := os.environ):\n        return env['A']\n\n\nx = f()\n", id="walrus"),
        pytest.param("x = (os.environ or {})['A']\n", id="or"),
        pytest.param("x = (os.environ if 1 else {}).get('A')\n", id="if"),
        pytest.param("x = os.environ | {'A': 'v'} == {**os.environ, 'A': 'v'}\n", id="union"),
        pytest.param(
            "x = list(os.environ.__iter__()), os.environ.__contains__('A'), os.environ.__len__()\n", id="dunder"
        ),
        pytest.param("os.environ.__setitem__('A', 'v')\nos.environ.__delitem__('B')\n", id="dunder-writes"),
        pytest.param(
            "def f():\n    global env\n    x = iter(os.environ)\n    return next(x)\n\n\ny = f()\n", id="iterator"
        ),
    ],
)
def test_mapping_operations(check_access, body):
    check_access(body, body.replace("os.environ", "get_env()"))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("run(['env'], env=os.environ)", id="object"),
        pytest.param("run(['env'], env={**os.environ, 'X': '1'})", id="extended"),
        pytest.param("run(['env'], env=dict(os.environ, X='1'))", id="dict"),
        pytest.param("run(['env'], env=os.environ.copy())", id="copy"),
        pytest.param("run(['env'], env=os.environ | {'X': '1'})", id="union"),
        pytest.param("run('echo $A', shell=True, env=os.environ)", id="shell"),
        pytest.param("run(['env'], env={k: v for k, v in os.environ.items() if k != 'A'})", id="filtered"),
        pytest.param("run(['env'], env=None)\nos.environ['A'] = 'v'\nsubprocess.run(['env'])", id="inherited"),
        pytest.param("Popen(['env'], env=os.environ).wait()", id="popen"),
        pytest.param(
            "check_output(['env'], -1, None, None, None, None, None, False, False, None, os.environ)", id="positional"
        ),
    ],
)
def test_child_processes_get_the_same_variables(check, body):
    body = f"subprocess.{body}\n"
    if "check_output" in body:
        body = "print(" + body.replace("check_output", "Popen").rstrip("\n") + ".wait())\n"
    new = body.replace("os.environ['A'] = 'v'", "get_env().set('A', 'v')").replace("os.environ", "get_env()")
    check(
        "import os\nimport subprocess\n\nprint(os.sep, flush=True)\n" + body,
        "import os\nimport subprocess\n\n"
        + ("from holdline_runtime import get_env\n\n")
        + "print(os.sep, flush=True)\n"
        + new,
    )


def test_exec_and_spawn_take_it(check):
    body = (
        "{0}x = os.spawnle(os.P_WAIT, '/usr/bin/env', 'env', {1})\ny = os.posix_spawn('/usr/bin/env', ['env'], {1}) > 0\n"
        "os.wait()\nos.execve('/usr/bin/env', ['env'], {1}) if 0 else None\n"
    )
    check(
        "import os\n\n" + body.format("", "os.environ"),
        "import os\n\nfrom holdline_runtime import get_env\n\n" + body.format("", "get_env()"),
    )


def test_copy_copy_shares_storage(check):
    body = "x = copy.copy({0})\nx['A'] = 'v'\ny = {0}['A'], type(x).__name__\nz = copy.deepcopy({{**{0}}})\n"
    check(
        "import copy\nimport os\n\n" + body.format("os.environ"),
        "import copy\n\nfrom holdline_runtime import get_env\n\n" + body.format("get_env()"),
    )


def test_standard_collections_take_it(check):
    body = "x = collections.ChainMap({{'X': '1'}}, {0})['A'], len(collections.OrderedDict({0})), string.Template('$A').substitute({0})\n"
    check(
        "import collections\nimport os\nimport string\n\n" + body.format("os.environ"),
        "import collections\nimport string\n\nfrom holdline_runtime import get_env\n\n" + body.format("get_env()"),
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        pytest.param("print(os.environ)", "passed to `print`", id="print"),
        pytest.param("str(os.environ)", "passed to `str`", id="str"),
        pytest.param("f'{os.environ}'", "may depend on its type", id="f-string"),
        pytest.param("'%s' % os.environ", "its text is shown", id="percent"),
        pytest.param("'%s %%(A)s' % os.environ", "its text is shown", id="percent-escaped"),
        pytest.param("isinstance(os.environ, dict)", "passed to `isinstance`", id="isinstance"),
        pytest.param("type(os.environ)", "passed to `type`", id="type"),
        pytest.param("id(os.environ)", "passed to `id`", id="id"),
        pytest.param("x is os.environ", "identity", id="is"),
        pytest.param("os.environ in [x]", "depend on its type", id="in-list"),
        pytest.param("[os.environ]", "may depend on its type", id="list"),
        pytest.param("{'env': os.environ}", "stored in a dict", id="dict"),
        pytest.param("x[os.environ]", "used as an index", id="index"),
        pytest.param("x.env = os.environ", "kept in `x.env`", id="attribute"),
        pytest.param("x['env'] = os.environ", "kept in `x['env']`", id="item"),
        pytest.param("a, b = os.environ, 1", "may depend on its type", id="tuple"),
        pytest.param("os.environ()", "it is called", id="called"),
        pytest.param("os.environ._data", "`._data` is no mapping operation", id="internals"),
        pytest.param("os.environ.__class__", "no mapping operation", id="class"),
        pytest.param("os.environ.get = x", "`.get` is replaced", id="replace-method"),
        pytest.param("os.environ + {}", "operator other than", id="plus"),
        pytest.param("-os.environ", "operator that mappings lack", id="minus"),
        pytest.param("os.environ < {}", "depend on its type", id="less"),
        pytest.param("raise os.environ", "may depend on its type", id="raise"),
        pytest.param("json.dumps(os.environ)", "passed to `json.dumps`", id="json"),
        pytest.param("pickle.dumps(obj=os.environ)", "passed to `pickle.dumps`", id="keyword"),
        pytest.param("x.update(os.environ)", "passed to `x.update`", id="update-of-unknown"),
        pytest.param("x |= os.environ", "`x` may be no dict", id="merged-into-unknown"),
        pytest.param("assert x, os.environ", "may depend on its type", id="assert-message"),
        pytest.param("os.environb[b'A']", "bytes view", id="environb"),
        pytest.param("os.getenvb(b'A')", "bytes view", id="getenvb"),
        pytest.param("os.putenv('A', 'v')", "os.putenv leaves os.environ as it is", id="putenv"),
        pytest.param("os.unsetenv('A')", "os.unsetenv leaves os.environ as it is", id="unsetenv"),
        pytest.param("match os.environ:\n    case dict():\n        pass", "`case`", id="match-class"),
        pytest.param("match os.environ:\n    case e:\n        pass", "`case`", id="match-capture"),
        pytest.param("match x:\n    case os.environ:\n        pass", "pattern of a `case`", id="match-value"),
        pytest.param("class C(metaclass=os.environ):\n    pass", "class statement", id="class-keyword"),
        pytest.param("functools.partial(os.getenv, 'A')", "handed on", id="getenv-handed-on"),
    ],
)
def test_what_may_tell_the_objects_apart_is_refused(refuse, code, words):
    refuse(f"import os\nimport functools\nimport json\nimport pickle\nfrom app import x\n\n{code}\n", words)


@pytest.mark.parametrize(
    ("callee", "use"),
    [
        pytest.param("def f(env):\n    return env is E\n", "f(env=os.environ)", id="function"),
        pytest.param(
            "class f:\n    def __init__(self, env):\n        self.env = env\n", "f(env=os.environ)", id="class"
        ),
        pytest.param("@decorator\ndef f(env):\n    return type(env)\n", "f(env=os.environ)", id="decorated"),
        pytest.param("def f(env):\n    return repr(env)\n", "f(os.environ)", id="positional"),
        pytest.param("def f(*env):\n    return env\n", "f(os.environ)", id="rest"),
        pytest.param("def f(env):\n    yield env\n", "f(os.environ)", id="generator"),
    ],
)
def test_functions_of_the_file_are_looked_into(refuse, callee, use):
    refuse(f"import os\n\n\n{callee}\n\n{use}\n", "")


@pytest.mark.parametrize(
    ("use", "words"),
    [
        ("x = f\"{os.environ.__ior__({'B': '1'})}\"", "may depend on its type"),
        ("x = os.environ.__ior__({'B': '1'})", "where other code can reach it"),
    ],
)
def test_in_place_union_by_name_returns_the_object(refuse, use, words):
    refuse(f"import os\n\n{use}\n", words)


def test_putenv_in_the_unsafe_tier(harness):
    from holdline.judging import Level

    harness.check(
        "import os\n\nos.putenv('A', 'v')\nos.unsetenv('B')\n",
        "from holdline_runtime import get_env\n\nget_env().set('A', 'v')\nget_env().pop('B', None)\n",
        level=Level.UNSAFE,
        runs=False,
    )


@pytest.mark.parametrize(
    ("method", "words"),
    [
        pytest.param("    def run(self, env):\n        self.env = env\n", "kept in `self.env`", id="kept"),
        pytest.param(
            "    @staticmethod\n    def run(env):\n        return env\n", "passed to `self.run`", id="decorated"
        ),
    ],
)
def test_method_of_the_file_that_takes_env_is_looked_into(refuse, method, words):
    refuse(f"import os\n\n\nclass C:\n{method}\n    def f(self):\n        self.run(env=os.environ)\n", words)


def test_method_of_the_file_that_passes_env_on(check):
    body = "\n\nclass C:\n    def run(self, env):\n        subprocess.run(['env'], env=env)\n\n    def f(self):\n"
    body += "        self.run(env={0})\n\n\nC().f()\n"
    check(
        "import os\nimport subprocess\n" + body.format("os.environ"),
        "import subprocess\n\nfrom holdline_runtime import get_env\n" + body.format("get_env()"),
    )
