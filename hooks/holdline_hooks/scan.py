"""The hook `holdline-scan`: fail on any violation in the files that pre-commit passes.

It judges whole files, old violations and new ones alike. Leave out those that are not clean yet with the hook's
`exclude`, or with `exclude` in the configuration.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from holdline.cli import main as holdline


def main(argv: Sequence[str] | None = None) -> int:
    """Run `holdline scan --fail-on-violations` with these options and files; returns its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    return holdline(["scan", "--fail-on-violations", *arguments])


if __name__ == "__main__":
    sys.exit(main())
