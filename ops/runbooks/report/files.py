"""An incident report in files: Markdown, and beside it a picture of the metrics where a browser can draw one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ops.errors import UsageError
from ops.files import atomic_file
from ops.runbooks.report.markdown import markdown
from ops.runbooks.report.model import IncidentReport
from ops.runbooks.report.picture import NoPicture, draw


@dataclass(frozen=True)
class WrittenReport:
    """``paths``: the Markdown first. ``no_picture``: why there is none, or empty."""

    paths: tuple[Path, ...]
    no_picture: str = ""


def write_report(report: IncidentReport, place: Path) -> WrittenReport:
    """``place``: a new file, or a folder that exists. Raises UsageError where a file is there already, OpsError where it
    cannot be written."""
    path = place / f"{report.run.id}.md" if place.is_dir() else place
    picture = path.with_suffix(".png")
    if path == picture:
        raise UsageError(f"{path} is the name of the picture beside the report.", "Name the report FILE.md.")
    for each in (path, picture):
        if each.exists() or each.is_symlink():
            raise UsageError(f"{each} is there already.", "Name another file; nothing is overwritten.")
    no_picture = ""
    paths: tuple[Path, ...] = (path,)
    try:
        image = draw(report)
    except NoPicture as error:
        no_picture = str(error)
    else:
        with atomic_file.atomic_write(picture) as stream:
            stream.write(image)
        paths = (path, picture)
    with atomic_file.atomic_write(path) as stream:
        text = markdown(report, "" if no_picture else picture.name, no_picture)
        stream.write(text.encode())
    return WrittenReport(paths, no_picture)
