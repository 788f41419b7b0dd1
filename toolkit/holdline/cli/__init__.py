"""The command line: `main` is `holdline`, `migrate` is short for `holdline migrate`."""

from holdline.cli.boundary import main, migrate

__all__ = ["main", "migrate"]
