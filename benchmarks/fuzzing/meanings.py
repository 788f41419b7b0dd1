"""What the names of a file mean to the oracle: found by its import statements alone, wherever they stand.

This is deliberately not the engine's resolution of names: it takes no notice of scopes. Who may rewrite a name is what
`bindings` asks the compiler about.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from holdline.config import EnvConfig

ENVIRON, GETENV, PUTENV, UNSETENV = "os.environ", "os.getenv", "os.putenv", "os.unsetenv"
PATCH = "unittest.mock.patch"
GETTER, PATCHER = "<getter>", "<patcher>"
_OS_NAMES = ("environ", "environb", "getenv", "getenvb", "putenv", "unsetenv")


class Meanings:
    """Local names to dotted paths, over all imports of several versions of a file."""

    def __init__(self, trees: Iterable[ast.AST], env: EnvConfig) -> None:
        self._paths: dict[str, str] = {}
        self._ours = {env.get.replace(":", "."): GETTER, env.patch.replace(":", "."): PATCHER}
        for tree in trees:
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    self._note_import(node)
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    self._note_from(node.module or "", node.names)

    def path(self, node: ast.AST) -> str:
        """The dotted path a name or an attribute chain spells; "" for anything else."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self._paths:
            return ""
        return ".".join([self._paths[node.id], *reversed(attributes)])

    def locals_of(self, *prefixes: str) -> set[str]:
        """The local names whose paths begin with one of these."""
        return {name for name, path in self._paths.items() if path.startswith(prefixes)}

    def _note_import(self, node: ast.Import) -> None:
        for alias in node.names:
            path = alias.name if alias.asname else alias.name.partition(".")[0]
            if path.partition(".")[0] in ("os", "unittest", "mock"):
                self._note(alias.asname or path, path)

    def _note_from(self, module: str, names: Iterable[ast.alias]) -> None:
        for alias in names:
            if alias.name == "*" and module == "os":
                for name in _OS_NAMES:
                    self._note(name, f"os.{name}")
            path = f"{module}.{alias.name}"
            if path in self._ours or module in ("os", "unittest", "unittest.mock", "mock"):
                self._note(alias.asname or alias.name, self._ours.get(path, path))

    def _note(self, local: str, path: str) -> None:
        canonical = f"unittest.{path}" if path == "mock" or path.startswith("mock.") else path
        self._paths.setdefault(local, canonical)
