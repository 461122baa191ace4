"""The codes of `warnings`: one list, which the code and the docs keep to."""

from __future__ import annotations

import re
from pathlib import Path

from schemas.warnings import WARNINGS, is_known
from transforms.functions.times import TIME_WARNINGS

ROOT = Path(__file__).parent.parent


def test_the_docs_tell_of_every_code() -> None:
    """docs/warnings.md has a row for each code, with its meaning."""
    rows = re.findall(
        r"^\| `([a-z0-9_*]+)` \| (.+) \|$", (ROOT / "docs" / "warnings.md").read_text(), re.MULTILINE
    )
    assert dict(rows) == WARNINGS


def test_every_code_of_times_is_on_the_list() -> None:
    """Times have the most codes, and keep a set of their own."""
    assert [code for code in TIME_WARNINGS if not is_known(code)] == []


def test_every_code_on_the_list_stands_in_the_code() -> None:
    """No code is left over from something that is gone."""
    code = "\n".join(
        path.read_text() for folder in ("transforms", "pipeline") for path in (ROOT / folder).rglob("*.py")
    )
    assert [name for name in WARNINGS if f'"{name.rstrip("*")}' not in code] == []
