"""Patches: only the configured key is the administrator, and its signature is checked like any other.

Stands for: IAM authenticating every signed request (IAM user guide, reference_sigv, 2026-11). MiniStack also takes
the key ``test``, any 12-digit key and no key at all for the administrator, and does not check an administrator's
signature. With that, any web page open in a browser on this machine could create and run functions here.

Leaves out: anonymous reads of public buckets (refused here), more than one administrator.
"""

from __future__ import annotations

import os

from ops.twin.emulator.patch import Patch


def patches() -> list[Patch]:
    return [
        Patch(
            "core.iam_evaluator",
            "is_root_access_key",
            lambda _: is_administrator,
            "only the configured key is the administrator",
        ),
        # Asked only to decide whose signature need not be checked.
        Patch("core.iam_evaluator", "_is_root_key", lambda _: lambda _key: False, "every signature is checked"),
    ]


def is_administrator(access_key_id: str) -> bool:
    return bool(access_key_id) and access_key_id == os.environ.get("AWS_ACCESS_KEY_ID")
