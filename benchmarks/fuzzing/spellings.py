"""How one file imports and names what touches the environment."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"\b(E|ENVB|OS|GETENV|GETENVB|PUTENV|UNSETENV|DICT|PATCH|ROOT|PATCHER)\b")


@dataclass(frozen=True)
class Spelling:
    """The import statements of a file, and its names for the environment, the functions on it and mock's `patch`.

    Templates say E for `os.environ`, OS for the module, GETENV and so on for its functions, PATCH and DICT for `patch`
    and `patch.dict`; ROOT and PATCHER are the plain names that E and PATCH begin with, for code that shadows them.
    """

    imports: str
    environ: str = "os.environ"
    getenv: str = "os.getenv"
    patch: str = "patch"
    os: str = "os"

    def spell(self, template: str) -> str:
        """The template in this spelling."""
        names = {
            "E": self.environ,
            "OS": self.os,
            "ENVB": self.environ.replace("environ", "environb"),
            "GETENV": self.getenv,
            "GETENVB": self.getenv.replace("getenv", "getenvb"),
            "PUTENV": self.getenv.replace("getenv", "putenv"),
            "UNSETENV": self.getenv.replace("getenv", "unsetenv"),
            "DICT": f"{self.patch}.dict",
            "PATCH": self.patch,
            "ROOT": _root(self.environ),
            "PATCHER": _root(self.patch),
        }
        return _WORD.sub(lambda m: names[m[1]], template)


def _root(dotted: str) -> str:
    return re.split(r"\W", dotted, maxsplit=1)[0]


PLAIN = Spelling("import os\nfrom unittest.mock import patch")
FROM_IMPORTS = Spelling(
    "from os import environ, environb, getenv, getenvb, putenv, unsetenv\nfrom unittest.mock import patch",
    "environ",
    "getenv",
    os="use",
)
ALIASES = Spelling("import os as o\nfrom unittest import mock as m", "o.environ", "o.getenv", "m.patch", "o")
#: In each of these everything is imported for certain, and runs.
RUNNABLE = (PLAIN, FROM_IMPORTS, ALIASES)
SPELLINGS = (
    *RUNNABLE,
    Spelling(
        "from os import (\n    environ as env,  # one\n    environb as envb,\n    getenv as getenv_,\n"
        "    putenv as putenv_,\n    unsetenv as unsetenv_,\n)\nimport unittest.mock",
        "env",
        "getenv_",
        "unittest.mock.patch",
        "use",
    ),
    Spelling("import sys, os\nimport os.path\nfrom mock import patch, Mock"),
    Spelling("import json\n\nimport os; import re\n\nimport pytest\nfrom unittest.mock import patch\n"),
    Spelling(
        "from __future__ import annotations\nimport os\n\nfrom unittest.mock import patch",
        "os . environ",
        "os. getenv",
    ),
    Spelling('"""Doc."""\nimport os\nfrom unittest.mock import patch', "os.\\\n  environ"),
    Spelling('"""Doc."""; import os; from unittest.mock import patch'),
    Spelling(
        "from unittest.mock import patch\nfrom os import *\nimport holdline_runtime", "environ", "getenv", os="use"
    ),
    Spelling("import os\nfrom holdline_runtime import get_env\nfrom unittest.mock import patch"),
    Spelling("from holdline_runtime import get_env as e_, patch_env as get_env\nimport os, unittest.mock as patch"),
    Spelling("try:\n    import os\nexcept ImportError:\n    os = None\nfrom unittest.mock import patch"),
    Spelling("if TYPE_CHECKING:\n    import os\n\nfrom unittest.mock import patch"),
    Spelling("import os\nget_env = patch_env = None\nfrom unittest.mock import patch"),
    Spelling("import os; from unittest.mock import patch"),
    Spelling("import os.path\nimport unittest.mock as mock", patch="mock.patch"),
    Spelling("import os \\\n  , sys\nfrom unittest.mock import (patch\n    , Mock)\n"),
    Spelling("import sys\nsys.path.insert(0, 'x')\nimport os\nfrom unittest.mock import patch"),
    Spelling(
        "from os import environ\nimport os\nimport unittest\nfrom unittest import mock",
        "environ",
        "os.getenv",
        "mock.patch",
    ),
)
