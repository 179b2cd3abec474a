"""The function ``worker`` with what is deployed of it: its image, its published versions, and an alias."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.fakes.aws import Refusal

REPOSITORY = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/worker"


def image(number: int) -> str:
    return f"{REPOSITORY}@sha256:{number:064x}"


@dataclass
class DeployedFunction:
    """``versions``: the image of each, by number; the unpublished one runs ``latest``. ``alias``: name → version."""

    versions: dict[str, int] = field(default_factory=lambda: {"6": 1, "7": 2})
    latest: int = 2
    alias: dict[str, str] = field(default_factory=lambda: {"live": "7"})
    weights: dict[str, float] = field(default_factory=dict)
    is_zip: bool = False
    changes: list[tuple[str, Any]] = field(default_factory=list)
    revision: int = 1
    """Of the alias and of the function: raised by each change, also by a test's."""

    def answer(self, operation: str, asked: dict[str, Any]) -> Any:
        """None for what is not about deployments. ``operation``: as of ``tests.fakes.aws``."""
        method, _, path = operation.rpartition(" ")
        parts = [unquote(part) for part in path.partition("?")[0].strip("/").split("/")[1:]]
        if parts[:1] != ["functions"]:
            return None
        match [method, *parts[1:]]:
            case ["", named]:
                return self._get(named.partition(":")[2])
            case ["", _, "versions"]:
                return {"Versions": [self._get(version)["Configuration"] for version in ("", *self.versions)]}
            case ["", _, "aliases", name]:
                if name not in self.alias:
                    raise Refusal("ResourceNotFoundException", status=404)
                weights = {"RoutingConfig": {"AdditionalVersionWeights": self.weights}} if self.weights else {}
                return {"Name": name, "FunctionVersion": self.alias[name], "RevisionId": str(self.revision), **weights}
            case ["PUT", _, "aliases", name]:
                self.ensure_revision(asked)
                self.alias[name] = asked["FunctionVersion"]
                self.changes.append((name, asked["FunctionVersion"]))
                return {"Name": name, "FunctionVersion": self.alias[name]}
            case ["PUT", _, "code"]:
                self.ensure_revision(asked)
                self.latest = int(asked["ImageUri"].rpartition(":")[2], 16)
                self.changes.append(("image", asked["ImageUri"]))
                return {}
        return None

    def ensure_revision(self, asked: dict[str, Any]) -> None:
        """Before a change, which makes another one."""
        if asked.get("RevisionId", str(self.revision)) != str(self.revision):
            raise Refusal("PreconditionFailedException", "The RevisionId provided does not match", 412)
        self.revision += 1

    def _get(self, version: str) -> Any:
        if version and version not in self.versions:
            raise Refusal("ResourceNotFoundException", "Function not found", 404)
        number = self.versions[version] if version else self.latest
        configuration = {
            "FunctionName": "worker",
            "FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:worker" + (f":{version}" if version else ""),
            "Version": version or "$LATEST",
            "CodeSha256": f"{number:064x}",
            "LastModified": f"2026-11-{20 + number}T09:00:00.000+0000",
            "LastUpdateStatus": "Successful",
            "RevisionId": str(self.revision),
        }
        code = {} if self.is_zip else {"ImageUri": f"{REPOSITORY}:v{number}", "ResolvedImageUri": image(number)}
        return {"Configuration": configuration, "Code": code}
