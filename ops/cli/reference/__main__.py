"""Write the reference of every command and option into ops/cli/README.md."""

from __future__ import annotations

from pathlib import Path

from ops.cli.reference.rendering import with_reference

README = Path(__file__).resolve().parents[1] / "README.md"

if __name__ == "__main__":
    README.write_text(with_reference(README.read_text(encoding="utf-8")), encoding="utf-8")
