"""The contract as a Markdown page, for those who review it."""

from __future__ import annotations

from holdline.contract.file import Contract, Script


def render_page(contract: Contract, file: str) -> str:
    """The page; it says nothing that the file does not."""
    lines = [
        "# Mutation contract",
        "",
        f"Generated from `{file}` by `holdline contract freeze`; edit neither by hand.",
        "",
        f"{len(contract.scripts)} scripts. Forbidden: {_listed(contract.forbidden)}.",
        "",
        "| script | language | operations | purpose |",
        "|---|---|---|---|",
        *map(_row, contract.scripts),
        "",
        "## Approvals",
        "",
        "| content | approved |",
        "|---|---|",
        *(f"| `{a.contract[:19]}…` | {_cell(a.approved)} |" for a in reversed(contract.approvals)),
    ]
    return "\n".join(lines) + "\n"


def _row(script: Script) -> str:
    operations = "<br>".join(f"`{_cell(o)}`" for o in script.operations)
    return f"| `{_cell(script.path)}` | {script.language} | {operations} | {_cell(script.purpose)} |"


def _listed(items: tuple[str, ...]) -> str:
    return ", ".join(f"`{item}`" for item in items) or "nothing"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
