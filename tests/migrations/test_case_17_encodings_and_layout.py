"""Case 17. Encodings, BOM, CRLF, mixed newlines, form feeds, no final newline, tabs, line continuations, semicolons,
one-line suites (`if x: os.environ["A"] = "1"`). What is not rewritten stays byte for byte.
"""

from __future__ import annotations

import pytest

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            BOM + b"import os\n\nx = os.environ['A']\n",
            BOM + b"from holdline_runtime import get_env\n\nx = get_env()['A']\n",
            id="bom",
        ),
        pytest.param(
            BOM + b"x = __import__('os').sep\nimport os\nx = os.environ['A']\n",
            BOM + b"x = __import__('os').sep\nimport os\n\nfrom holdline_runtime import get_env\nx = get_env()['A']\n",
            id="bom-reflection",
        ),
        pytest.param(
            b"\n# coding: latin-1\ny = '\xe9'\nimport os\n\nx = os.environ['A']\n",
            b"\n# coding: latin-1\ny = '\xe9'\nfrom holdline_runtime import get_env\n\nx = get_env()['A']\n",
            id="cookie-behind-an-empty-line",
        ),
        pytest.param(
            b"\n# coding: latin-1\nfor y in '\xe9': import os; x = os.environ['A']\n",
            b"\n# coding: latin-1\nfrom holdline_runtime import get_env\n\nfor y in '\xe9': import os; x = get_env()['A']\n",
            id="import-below-the-cookie",
        ),
        pytest.param(
            b"import os\r\n\r\nx = os.environ['A']\r\n",
            b"from holdline_runtime import get_env\r\n\r\nx = get_env()['A']\r\n",
            id="crlf",
        ),
        pytest.param(
            b"import os\rimport sys\r\rx = os.environ['A'], sys.path and 1\r",
            b"import sys\r\rfrom holdline_runtime import get_env\r\rx = get_env()['A'], sys.path and 1\r",
            id="cr",
        ),
        pytest.param(
            b"import os\r\nimport sys\n\nx = os.environ['A'], sys.path and 1\r\ny = '''a\r\nb\nc'''\n",
            b"import sys\n\r\nfrom holdline_runtime import get_env\r\n\nx = get_env()['A'], sys.path and 1\r\ny = '''a\r\nb\nc'''\n",
            id="mixed",
        ),
        pytest.param(
            b"import os\n\x0c\nx = os.environ['A']\n\x0c\ny = 1\n",
            b"from holdline_runtime import get_env\n\x0c\nx = get_env()['A']\n\x0c\ny = 1\n",
            id="form-feed",
        ),
        pytest.param(
            b"import os\n\nx = os.environ['A']",
            b"from holdline_runtime import get_env\n\nx = get_env()['A']",
            id="no-final-newline",
        ),
        pytest.param(
            b"import os\nif 1:\n\tos.environ['A'] = 'v'\n\tx = os.environ['A']\n",
            b"from holdline_runtime import get_env\nif 1:\n\tget_env().set('A', 'v')\n\tx = get_env()['A']\n",
            id="tabs",
        ),
        pytest.param(
            b"# -*- coding: latin-1 -*-\nimport os\n\nx = '\xe9', os.environ['A'], '\xfc'\n",
            b"# -*- coding: latin-1 -*-\nfrom holdline_runtime import get_env\n\nx = '\xe9', get_env()['A'], '\xfc'\n",
            id="latin-1",
        ),
        pytest.param(
            "# coding: cp1252\nimport os\n\nx = '€', os.environ['A'] + '€'\n".encode("cp1252"),
            "# coding: cp1252\nfrom holdline_runtime import get_env\n\nx = '€', get_env()['A'] + '€'\n".encode(
                "cp1252"
            ),
            id="cp1252",
        ),
        pytest.param(
            "# coding: euc-jp\nimport os\n\nx = '日本', os.environ['A'] + '語'\n".encode("euc-jp"),
            "# coding: euc-jp\nfrom holdline_runtime import get_env\n\nx = '日本', get_env()['A'] + '語'\n".encode(
                "euc-jp"
            ),
            id="euc-jp",
        ),
        pytest.param(
            "import os\n\né = os.environ['A']; ü = 'ñ' + os.environ['B']\n".encode(),
            "from holdline_runtime import get_env\n\né = get_env()['A']; ü = 'ñ' + get_env()['B']\n".encode(),
            id="utf-8-names",
        ),
        pytest.param(
            b"#!/usr/bin/env python\n# licence\n\nimport os\n\nx = os.environ['A']\n",
            b"#!/usr/bin/env python\n# licence\n\nfrom holdline_runtime import get_env\n\nx = get_env()['A']\n",
            id="shebang",
        ),
        pytest.param(
            b'"""Doc."""\n\nfrom __future__ import annotations\n\nimport os\n\nx = os.environ["A"]\n',
            b'"""Doc."""\n\nfrom __future__ import annotations\n\nfrom holdline_runtime import get_env\n\nx = get_env()["A"]\n',
            id="docstring-and-future",
        ),
        pytest.param(
            b'"""Doc."""\nimport os\nx = os.environ["A"]\n',
            b'"""Doc."""\nfrom holdline_runtime import get_env\nx = get_env()["A"]\n',
            id="docstring-tight",
        ),
        pytest.param(
            b"import os; x = os.environ['A']; os.environ['B'] = 'v'\n",
            b"from holdline_runtime import get_env\n\nx = get_env()['A']; get_env().set('B', 'v')\n",
            id="semicolons",
        ),
        pytest.param(
            b"import os\nx = 1\nif x: os.environ['A'] = '1'\nelse: os.environ['A'] = '2'; x = 2\n",
            b"from holdline_runtime import get_env\nx = 1\nif x: get_env().set('A', '1')\nelse: get_env().set('A', '2'); x = 2\n",
            id="one-line-suites",
        ),
        pytest.param(
            b"import os\ndef f(): return os.environ['A']\nclass C: a = os.environ['A']\nx = f(), C.a\n",
            b"from holdline_runtime import get_env\ndef f(): return get_env()['A']\nclass C: a = get_env()['A']\nx = f(), C.a\n",
            id="one-line-definitions",
        ),
        pytest.param(
            b"import os\nx = os.environ['A'] + \\\n    os.environ[\\\n'B']\nos.environ['A'] = \\\n  'v'\n",
            b"from holdline_runtime import get_env\nx = get_env()['A'] + \\\n    get_env()[\\\n'B']\nget_env()['A'] = \\\n  'v'\n",
            id="continuations",
        ),
        pytest.param(
            b"import \\\n    os\nx = os.environ['A']\n",
            b"from holdline_runtime import get_env\nx = get_env()['A']\n",
            id="continued-import",
        ),
        pytest.param(
            b"def f(): import os; return os.environ['A']\nx = f()\n",
            b"from holdline_runtime import get_env\n\n\ndef f(): return get_env()['A']\nx = f()\n",
            id="import-in-a-one-line-suite",
        ),
        pytest.param(
            b"def f():\n    import os; x = os.environ['A']; return x\nx = f()\n",
            b"from holdline_runtime import get_env\n\n\ndef f():\n    x = get_env()['A']; return x\nx = f()\n",
            id="import-in-front-of-a-semicolon",
        ),
        pytest.param(
            b"import os\n\n\n\nx = os.environ['A']\n\n\n",
            b"from holdline_runtime import get_env\n\n\n\nx = get_env()['A']\n\n\n",
            id="blank-lines",
        ),
    ],
)
def test_bytes_outside_the_edits_stay(check, before, after):
    check(before, after)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        pytest.param(b'"""Doc."""; import os; x = os.environ["A"]\n', "share a line", id="no-place-for-an-import"),
    ],
)
def test_file_without_a_clean_cut_is_left(refuse, before, words):
    refuse(before, words)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        pytest.param(b"import os\nx = os.environ['A'\n", "does not parse", id="syntax"),
        pytest.param(b"import os\nx = os.environ['\xff']\n", "utf-8", id="not-utf-8"),
        pytest.param(
            "# coding: iso-2022-jp\nimport os\n\nx = '日本', os.environ['A']\n".encode("iso-2022-jp"),
            "convert it to UTF-8",
            id="stateful-encoding",
        ),
        pytest.param(
            b"# coding: no-such\nimport os\nx = os.environ['A']\n", "cannot be decoded", id="unknown-encoding"
        ),
    ],
)
def test_file_that_cannot_be_judged_is_a_problem(harness, before, words):
    problem = harness.judge(before).problem
    assert problem is not None
    assert words in problem.message
