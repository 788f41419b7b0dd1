"""The one place that writes to the user: which stream, whether in colour, and how much."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from holdline.errors import MissingExtraError

if TYPE_CHECKING:
    from rich.console import RenderableType


class Color(enum.StrEnum):
    """What `--color` takes."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Console:
    """Standard output for results, standard error for everything else.

    `environ` is asked for `NO_COLOR` and `TERM`. `verbosity` is below 0 for `-q`, above for `-v`.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        environ: Mapping[str, str],
        color: Color = Color.AUTO,
        verbosity: int = 0,
    ) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._color = color
        # An explicit --color outranks NO_COLOR (https://no-color.org); a dumb terminal understands no codes.
        self._plain_wanted = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
        self.quiet = verbosity < 0
        self.verbose = verbosity > 0
        self._to_end: list[Callable[[], object]] = []

    def on_interrupt(self, end: Callable[[], object]) -> None:
        """Have something that is being drawn ended, should the user stop the program: what ends more than once."""
        self._to_end.append(end)

    def interrupted(self, line: str) -> None:
        """Tell that the user stopped the program, on a line of its own."""
        for end in self._to_end:
            end()
        self.error(line)

    @property
    def decorates(self) -> bool:
        """Whether results go to a reader's eyes: a terminal, or a pipe with `--color always`."""
        return self._color is Color.ALWAYS or self._stdout.isatty()

    @property
    def shows_progress(self) -> bool:
        """Whether someone watches standard error and wants to."""
        return not self.quiet and self._stderr.isatty()

    @property
    def progress_stream(self) -> TextIO:
        """Where progress is drawn."""
        return self._stderr

    def write_bytes(self, data: bytes) -> None:
        """Put `data` on standard output, exactly."""
        self._stdout.flush()
        self._stdout.buffer.write(data)
        self._stdout.buffer.flush()

    def write(self, text: str) -> None:
        """Put `text` on standard output as it is; what its encoding lacks is escaped."""
        _put(self._stdout, text)

    def error(self, line: str) -> None:
        """Tell on standard error, whatever `-q` says."""
        _put(self._stderr, line + "\n")

    def note(self, line: str) -> None:
        """Tell on standard error, unless quiet."""
        if not self.quiet:
            self.error(line)

    def detail(self, line: str) -> None:
        """Tell on standard error where `-v` asks for more."""
        if self.verbose:
            self.error(line)

    def show(self, renderable: RenderableType) -> None:
        """Render for a reader on standard output, in colour where that is wanted. Needs the extra."""
        with needs_extra():
            from rich.console import Console as RichConsole
            from rich.console import Group
        colored = self._colored(self._stdout)
        rich = RichConsole(
            file=self._stdout,
            force_terminal=colored,
            force_interactive=False,
            color_system="standard" if colored else None,
            no_color=not colored,
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
        )
        with rich.capture() as capture:
            # print() joins bare text anew and loses its no_wrap; in a group the text renders itself.
            rich.print(Group(renderable), crop=False)
        _put(self._stdout, capture.get())

    def _colored(self, stream: TextIO) -> bool:
        if self._color is Color.AUTO:
            return stream.isatty() and not self._plain_wanted
        return self._color is Color.ALWAYS


@contextmanager
def needs_extra(extra: str = "toolkit") -> Iterator[None]:
    """Around the import of a package of an extra. Raises MissingExtraError where it is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        message = (
            f"this command needs the package {error.name}: install Holdline with its extra "
            f"(pip install '.[{extra}]' in its clone)"
        )
        raise MissingExtraError(message) from None


def _put(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()
