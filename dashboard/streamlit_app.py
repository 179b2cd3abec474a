"""Entry point: ``streamlit run dashboard``."""

import sys
from pathlib import Path

# Streamlit puts this folder on the path; `dashboard` and `ops` are found from the one above it.
_ROOT = str(Path(__file__).resolve().parent.parent)
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)

from dashboard import shell  # noqa: E402

shell.run()
