"""The first visitor does not wait for imports or for AWS's API descriptions."""

from __future__ import annotations

import ast
import json
import subprocess
import sys

from dashboard.pages import PAGES

PREPARED = """
import gc, json, sys
from dashboard.server import warm_up
warm_up.prepare()
from ops.aws import Aws
from ops.target import Target
opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
aws = Aws(Target(region="eu-west-1", endpoint="http://127.0.0.1:9", access_key_id="a", secret_access_key="b"))
aws.cloudformation, aws.cloudwatch, aws.lambda_, aws.logs, aws.sqs
print(json.dumps([gc.get_freeze_count(), opened]))
"""


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


def test_the_first_clients_find_the_descriptions_parsed_and_no_collection_looks_through_what_stays() -> None:
    run = subprocess.run([sys.executable, "-c", PREPARED], capture_output=True, check=True, text=True)
    frozen, opened = json.loads(run.stdout)
    assert not [name for name in opened if "botocore" in name]
    assert frozen > 100_000
