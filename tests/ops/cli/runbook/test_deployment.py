"""Back to the version before: by the alias, or by the image; and where neither is certain, refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.deployed_function import REPOSITORY, image
from tests.ops.cli.runbook.conftest import SMALL, Incident

ALONE = ("--reason", "x", "--yes-to", "reversible")
STEP, CHECK = SMALL.partition("```step")[2].partition("```\n")[0], "\nid: versions\naction: function.versions\n"
LOOK = SMALL.replace(f"```step{STEP}", f"```check{CHECK}")


def _page(incident: Incident, folder: Path, step: str) -> str:
    page = folder / "small.md"
    page.write_text(SMALL.replace("action: mapping.resume\n", step) if step else LOOK)
    assert incident.ops("check", str(page), "--write")[0] == 0
    return str(page)


def _versions(incident: Incident, folder: Path) -> Any:
    state = incident.json("run", _page(incident, folder, ""), "--yes-to", "read-only")
    return next(step["outputs"] for step in state["steps"] if step["id"] == "versions")


def test_the_version_before_of_an_alias(incident: Incident, tmp_path: Path) -> None:
    incident.workload.qualifier = ":live"
    incident.workload.deployed.versions = {"3": 1, "7": 2, "12": 3, "13": 3}
    incident.workload.deployed.alias = {"live": "12"}
    found = _versions(incident, tmp_path)
    assert (found["alias"], found["current"], found["before"]) == ("live", "12", "7")
    assert found["before_since"] == "2026-11-22T09:00:00.000+0000"
    assert (found["current_image"], found["before_image"]) == (image(3), image(2))


def test_without_an_alias_the_version_before_has_another_image(incident: Incident, tmp_path: Path) -> None:
    found = _versions(incident, tmp_path)
    assert (found["alias"], found["current"], found["before"]) == (None, "$LATEST", "6")
    assert (found["current_image"], found["before_image"]) == (image(2), image(1))
    incident.workload.deployed.versions = {}
    assert _versions(incident, tmp_path)["before"] is None


def test_the_preview_has_the_dates_of_both_versions(incident: Incident, tmp_path: Path) -> None:
    incident.workload.qualifier = ":live"
    _, _, err = incident.ops(
        "run", _page(incident, tmp_path, 'action: function.set-alias-version\nwith:\n  version: "6"\n'), *ALONE
    )
    assert "version of worker:live: 7 → 6" in err
    said = " ".join(err.split())
    assert "Version 7 was published at 2026-11-22" in said
    assert "version 6 at 2026-11-21" in said


@pytest.mark.parametrize(
    ("qualifier", "step", "expected"),
    [
        ("", 'action: function.set-alias-version\nwith:\n  version: "6"\n', f"It runs {image(2)}"),
        (":7", 'action: function.set-alias-version\nwith:\n  version: "6"\n', "version 7 of worker itself"),
        (":live", 'action: function.set-alias-version\nwith:\n  version: "99"\n', "worker:99"),
        (":live", f"action: function.set-image\nwith:\n  image: {image(1)}\n", "function.set-alias-version"),
        ("", f"action: function.set-image\nwith:\n  image: elsewhere@sha256:{1:064x}\n", "another repository"),
    ],
)
def test_refused(incident: Incident, tmp_path: Path, qualifier: str, step: str, expected: str) -> None:
    incident.workload.qualifier = qualifier
    code, out, err = incident.ops("run", _page(incident, tmp_path, step), *ALONE)
    assert code == 1
    assert expected in out + err
    assert incident.workload.changes == []


def test_a_deployment_that_is_going_on_is_left_alone(incident: Incident, tmp_path: Path) -> None:
    incident.workload.qualifier = ":live"
    incident.workload.deployed.weights = {"8": 0.1}
    page = _page(incident, tmp_path, 'action: function.set-alias-version\nwith:\n  version: "6"\n')
    _, out, _ = incident.ops("run", page, *ALONE)
    assert "10% of the invocations to version 8" in out
    assert incident.workload.changes == []


def test_a_zip_package_has_no_image(incident: Incident, tmp_path: Path) -> None:
    incident.workload.deployed.is_zip = True
    page = _page(incident, tmp_path, f"action: function.set-image\nwith:\n  image: {image(1)}\n")
    assert "is no container image" in incident.ops("run", page, *ALONE)[1]


def test_an_image_is_named_by_its_digest(incident: Incident, tmp_path: Path) -> None:
    page = tmp_path / "small.md"
    page.write_text(
        SMALL.replace("action: mapping.resume\n", f"action: function.set-image\nwith:\n  image: {REPOSITORY}:v1\n")
    )
    code, out, _ = incident.ops("check", str(page))
    assert code == 1
    assert "input image: expected `str` matching regex" in out
