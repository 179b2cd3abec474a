"""Write what is made from the registry of actions: the reference in ops/runbooks/actions/README.md."""

from __future__ import annotations

from pathlib import Path

from ops.runbooks.action_reference.rendering import with_reference

README = Path(__file__).resolve().parents[1] / "actions" / "README.md"

if __name__ == "__main__":
    README.write_text(with_reference(README.read_text()))
