"""What holds the extension in shape: its imports, its documentation, and its small parts at their edges."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handler import contract
from handler.extension.records import prices
from handler.extension.records.prices import billed_ms, invocation_usd
from handler.extension.records.timestamps import epoch_ms, iso
from ops.pricing import load
from tests.handler.extension.fake import REPOSITORY

HEAVY = {"json", "re", "socket", "http", "email", "threading", "typing", "logging", "collections", "datetime", "enum"}


def test_imports_stay_light(entry: Path) -> None:
    """Each of these would cost more at start than all of the extension (``python -X importtime``)."""
    code = (
        f"import sys; sys.path.insert(0, {str(entry.parents[1] / 'scilearn-extension')!r});"
        "import handler.extension.main, handler.extension.startup; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "handler.extension.event_loop" in loaded
    assert loaded & HEAVY == set()
    assert {name.partition(".")[0] for name in loaded} <= set(sys.stdlib_module_names) | {"handler", "__main__"}


def test_the_entry_script_can_be_started(entry: Path) -> None:
    source = REPOSITORY / "handler/extension" / entry.name
    assert os.access(source, os.X_OK)
    assert source.read_text().startswith("#!/usr/bin/env -S python3 -I -S\n")
    assert sorted(path.name for path in entry.parent.iterdir()) == [entry.name]


def test_the_reference_names_every_member_of_the_record() -> None:
    reference = (REPOSITORY / "handler/extension/README.md").read_text()
    members = [value for name, value in vars(contract).items() if name.startswith("INV_")]
    assert len(members) >= 24
    assert [member for member in members if f"`{member}`" not in reference] == []


@pytest.mark.parametrize(
    "text",
    ["2026-09-21T14:13:20.500Z", "2024-02-29T23:59:59.999Z", "2000-03-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"],
)
def test_times_agree_with_datetime(text: str) -> None:
    expected = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert epoch_ms(text) == round(expected.timestamp() * 1000)
    assert iso(round(expected.timestamp() * 1000)) == text


def test_times_of_any_precision_and_no_times() -> None:
    assert epoch_ms("2026-09-21T14:13:20Z") == epoch_ms("2026-09-21T14:13:20.0001234Z")
    for no_time in (
        "",
        "now",
        "2026-13-01T00:00:00Z",
        "2026-09-21T14:13",
        "1969-12-31T23:59:59Z",
        "2026-09-21Tx4:13:20Z",
    ):
        assert epoch_ms(no_time) is None


@pytest.mark.parametrize(
    ("duration", "init", "billed"),
    [(133.61, 80.0, 214), (3016.78, 84.0, 3101), (1049.63, 1293.83, 2344), (5.0, 0, 5), (0, 0, 0), (64.1, 35.9, 100)],
)
def test_init_is_billed_and_the_sum_rounded_up(duration: float, init: float, billed: int) -> None:
    """Three of AWS's own REPORT lines."""
    assert billed_ms(duration, init) == billed


@pytest.mark.parametrize(
    ("architecture", "kind", "usd"),
    [
        ("x86_64", "on-demand", 0.0000166667 + 2e-7),
        ("arm64", "on-demand", 0.0000133334 + 2e-7),
        ("x86_64", "provisioned-concurrency", 0.0000097222 + 2e-7),
        ("arm64", "provisioned-concurrency", 0.0000077778 + 2e-7),
        ("riscv64", "on-demand", 0.0000166667 + 2e-7),
        ("arm64", "lambda-managed-instances", 2e-7),
    ],
)
def test_the_price_of_a_second_of_a_gigabyte(architecture: str, kind: str, usd: float) -> None:
    assert invocation_usd(1000, 1024, architecture, kind) == pytest.approx(usd)


def test_prices_are_those_of_the_cost_page() -> None:
    """The extension cannot read the toolkit's dated price file where it runs; this holds the two to each other."""
    table = load()
    assert {"x86_64": table.gb_second("x86_64"), "arm64": table.gb_second("arm64")} == prices.GB_SECOND
    assert table.lambda_request == pytest.approx(prices.REQUEST, rel=1e-12)


def test_no_price_without_a_size() -> None:
    assert invocation_usd(1000, None, "arm64", "on-demand") is None
    assert invocation_usd(None, 1024, "arm64", "on-demand") is None
