"""The first visitor does not wait for imports."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

from dashboard.pages import PAGES


def test_what_a_page_imports_is_there_before_its_first_visit() -> None:
    program = "import json, sys; from dashboard.server.warm_up import import_modules; import_modules(); "
    run = subprocess.run(
        [sys.executable, "-c", f"{program}print(json.dumps(list(sys.modules)))"],
        capture_output=True,
        check=True,
        text=True,
    )
    there = set(json.loads(run.stdout))
    for entry in PAGES.values():
        for node in ast.parse(entry.file.read_text()).body:
            # The folders of two pages import by their package, which is the page's own.
            if isinstance(node, ast.ImportFrom) and node.module and "app_pages" not in node.module:
                assert node.module in there, f"{entry.key} imports {node.module}"
    assert {"boto3", "pandas", "plotly.graph_objects"} <= there
