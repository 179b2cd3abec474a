"""Write what is made from the catalogue: the alarms of template.yaml, and the table of ops/alarms/catalogue/README.md."""

from __future__ import annotations

from pathlib import Path

from ops.alarms.rendering.markdown import with_catalogue
from ops.alarms.rendering.reference import recommended, with_generated_alarms

REPOSITORY = Path(__file__).resolve().parents[3]
TEMPLATE, README = REPOSITORY / "template.yaml", REPOSITORY / "ops" / "alarms" / "catalogue" / "README.md"

if __name__ == "__main__":
    TEMPLATE.write_text(with_generated_alarms(TEMPLATE))
    README.write_text(with_catalogue(README.read_text(), recommended(TEMPLATE)))
