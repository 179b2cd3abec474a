"""Where the runbook named by an alarm's description is: a file of this checkout, or an external page."""

from __future__ import annotations

import re
from pathlib import Path

RUNBOOKS_DIR = Path(__file__).resolve().parents[1] / "runbooks"
RUNBOOK_PATH = re.compile(r"\brunbooks/([A-Za-z0-9_-]+\.md)\b")


def file(name: str, folder: Path = RUNBOOKS_DIR) -> Path | None:
    """The runbook with this file name; None when there is none. Never a file outside the folder."""
    return next((path for path in folder.glob("*.md") if path.name == name and path.is_file()), None)


def is_page(named: str) -> bool:
    """Whether it is an address that may be linked: ``https`` alone, since the text is untrusted."""
    return named.startswith("https://")


def placed(text: str) -> str:
    """``text`` with the runbooks of this checkout by their absolute paths, which open from any folder."""
    return RUNBOOK_PATH.sub(lambda found: str(file(found[1]) or found[0]), text)
