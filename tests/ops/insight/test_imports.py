"""Logs of ``-X importtime``: the tree of what was imported, the packages that take longest, and what is not such a log."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.errors import OpsError, UsageError
from ops.insight.imports import init_statements, measure, model, parse, store
from ops.insight.imports.model import ImportRecord
from ops.target import Target
from tests.ops.insight.world import FUNCTION

LOG = """import time: self [us] | cumulative | imported package
import time:       100 |        100 |   encodings
import time:        50 |        150 | site
a warning of the handler
import time:       200 |        200 |       numpy.core
import time:       300 |        500 |     numpy
import time:      1000 |       1500 |   pandas
import time:      cached|            |   numpy
import time:        40 |         40 |     app.jobs.score
import time:        60 |        100 |   app.jobs
import time:       400 |       2000 | app
"""


def recorded(log: str = LOG) -> ImportRecord:
    return ImportRecord(parse.parse(log, "x.log"), datetime(2026, 11, 20, tzinfo=UTC), "the log x.log")


def test_the_tree_without_the_interpreters_own_start() -> None:
    found = parse.parse(LOG, "x.log")
    assert [(module.name, module.total_us, module.parent) for module in found] == [
        ("app", 2000, None),
        ("pandas", 1500, 0),
        ("numpy", 500, 1),
        ("numpy.core", 200, 2),
        ("app.jobs", 100, 0),
        ("app.jobs.score", 40, 4),
    ]
    assert recorded().total_ms == 2.0


def test_packages_by_what_they_take_and_by_themselves() -> None:
    pandas, numpy = model.packages(recorded())
    assert (pandas.name, pandas.total_ms, pandas.own_ms, pandas.importer) == ("pandas", 1.5, 1.0, "app")
    assert (numpy.name, numpy.total_ms, numpy.own_ms, numpy.importer) == ("numpy", 0.5, 0.5, "pandas")


def test_the_heaviest_keep_their_importers() -> None:
    found = recorded()
    kept = [found.modules[place].name for place in model.heaviest(found, 0.2)]
    assert kept == ["app", "pandas", "numpy"]
    assert [found.modules[place].name for place in model.heaviest(found, 0.0, 2)] == ["app", "pandas"]


def test_a_log_that_is_cut_at_its_end_is_read_as_far_as_it_goes() -> None:
    found = parse.parse("\n".join(LOG.splitlines()[:7]), "x.log")
    assert [(module.name, module.parent) for module in found] == [("pandas", None), ("numpy", 0), ("numpy.core", 1)]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no log of python -X importtime"),
        ("Traceback (most recent call last):\n", "no log of python -X importtime"),
        ("import time:  ten |  20 | app\n", "line 1: not a line of python -X importtime"),
        ("import time: 1 | 2 | " + "x" * 400, "line 1: not a line"),
        ("\n" * 200_001, "no import takes that many"),
    ],
)
def test_what_is_no_log(text: str, what: str) -> None:
    with pytest.raises(UsageError, match=what) as raised:
        parse.parse(text, "x.log")
    assert "x.log" in str(raised.value)


def test_a_real_log() -> None:
    log = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import json"], capture_output=True, text=True
    ).stderr
    found = parse.parse(log, "x.log")
    assert found[0].name == "json"
    assert {"json.decoder", "json.encoder"} <= {module.name for module in found if module.parent == 0}


def test_a_module_is_imported_with_placeholders_for_what_it_misses(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import os, html\nBUCKET = os.environ['COLD_TEST_BUCKET']\n")
    found = measure.measure("app", tmp_path, missing=["COLD_TEST_BUCKET"], runs=1)
    assert found.modules[0].name == "app"
    assert "html" in {module.name for module in found.modules if module.parent == 0}
    with pytest.raises(UsageError, match=r"app cannot be imported in .*: KeyError: 'COLD_TEST_BUCKET'"):
        measure.measure("app", tmp_path, runs=1)


@pytest.mark.parametrize("module", ["app; print(1)", "", "-c", "a..b", "a/b"])
def test_only_a_module_is_imported(module: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a valid module name"):
        measure.measure(module, tmp_path)


def test_what_is_kept_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_HOME", str(tmp_path))
    assert store.load(Target(), FUNCTION) is None
    path = store.save(Target(), FUNCTION, recorded())
    assert store.load(Target(), FUNCTION) == recorded()
    for text in (
        "{",
        '{"modules":[{"name":"a","self_us":1,"total_us":1,"parent":3}],"recorded_at":"2026-11-20T00:00:00Z","how":""}',
    ):
        path.write_text(text)
        with pytest.raises(OpsError, match="cannot be read") as raised:
            store.load(Target(), FUNCTION)
        assert "ops imports" in raised.value.next_step


SOURCE = """
import random
import boto3 as b3
from uuid import uuid4
from app import parts
from . import helpers

random.seed(1)
ID = str(uuid4())
S3 = b3.client("s3")
SAFE = len("x")

class Jobs:
    queue = b3.resource("sqs")

    def run(self, at=uuid4()):
        return b3.client("sqs"), uuid4()

def handler(event, context):
    import tempfile
    return tempfile.mkdtemp()
"""


def test_what_init_makes_by_a_reading_of_the_source(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "main.py").write_text(SOURCE)
    (folder / "parts.py").write_text("import tempfile\nWORK = tempfile.mkdtemp()\nopen('/tmp/x', 'w')\n")
    (folder / "helpers.py").write_text("def broken(:\n")
    (folder / "unused.py").write_text("import uuid\nX = uuid.uuid4()\n")
    found = init_statements.read_statements("app.main", tmp_path)
    assert [(statement.kind, statement.file, statement.line) for statement in found] == [
        ("seed", "app/main.py", 8),
        ("ID", "app/main.py", 9),
        ("client", "app/main.py", 10),
        ("client", "app/main.py", 14),
        ("ID", "app/main.py", 16),
        ("temporary file", "app/parts.py", 2),
        ("temporary file", "app/parts.py", 3),
    ]
    assert found[2].text == "b3.client('s3')"
    with pytest.raises(UsageError, match="no source of nowhere"):
        init_statements.read_statements("nowhere", tmp_path)
