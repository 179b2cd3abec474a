"""The extension, laid out once a session as in the image."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handler.extension.fake import lay_out


@pytest.fixture(scope="session")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out(tmp_path_factory.mktemp("image"))
