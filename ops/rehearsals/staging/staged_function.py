"""The function on the rehearsal's own twin: faulty versions are deployed, its settings and its role are changed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from ops.errors import TwinError
from ops.twin import image, ownership, state_file

ALIAS = "live"
Fault = Literal["does-not-start", "starts-slowly", "drops-jobs", "no-extension"]
"""``starts-slowly``: the runtime waits for five seconds, as for a service that init calls. ``drops-jobs``: its
handler prints each batch and succeeds."""
SLOW_START = "/opt/slow-start"
SLOW_START_SCRIPT = '#!/bin/sh\nsleep 5\nexec "$@"\n'
PLACEHOLDER = "placeholder.handler"
PLACEHOLDER_CODE = "def handler(event, context):\n    print(event)\n"
IMAGE_VARIABLE = "OPS_TWIN_IMAGE"
_WRAPPER_VARIABLE = "AWS_LAMBDA_EXEC_WRAPPER"
_POLICY = "rehearsal"


class StagedFunction:
    """``client``: of a service of the twin, by name."""

    def __init__(self, client: Callable[[str], Any], name: str) -> None:
        self._client, self.name = client, name
        self._versions: list[str] = []

    @property
    def configuration(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._lambda.get_function_configuration(FunctionName=self.name)
        return found

    def deploy_behind_alias(self) -> str:
        """Publish what is deployed as a version, with an alias of it. Returns the alias's ARN."""
        self._versions.append(str(self._lambda.publish_version(FunctionName=self.name)["Version"]))
        alias = self._lambda.create_alias(FunctionName=self.name, Name=ALIAS, FunctionVersion=self.version)
        return str(alias["AliasArn"])

    def deploy_with(self, fault: Fault) -> str:
        """Publish a version that has the fault, and set the alias to it. Returns the version."""
        match fault:
            case "does-not-start":
                change = self._variables({_WRAPPER_VARIABLE: "/opt/not-there"})
            case "starts-slowly":
                folder = str(self._image_with_slow_start())
                change = self._variables({IMAGE_VARIABLE: folder, _WRAPPER_VARIABLE: SLOW_START})
            case "drops-jobs":
                change = {
                    **self._variables({IMAGE_VARIABLE: str(self.image_with_placeholder())}),
                    "ImageConfig": {"Command": [PLACEHOLDER]},
                }
            case "no-extension":
                change = self._variables({IMAGE_VARIABLE: str(self._image_without_extension())})
        self._lambda.update_function_configuration(FunctionName=self.name, **change)
        self._versions.append(str(self._lambda.publish_version(FunctionName=self.name)["Version"]))
        self._set_alias(self.version)
        return self.version

    def roll_back(self) -> str:
        """Set the alias to the version before. Returns that. Raises TwinError where there is none."""
        if len(self._versions) < 2:
            raise TwinError("The rehearsal has deployed no version that could be rolled back.")
        self._versions.pop()
        self._set_alias(self.version)
        return self.version

    @property
    def version(self) -> str:
        return self._versions[-1]

    def set_memory(self, megabytes: int) -> None:
        self._lambda.update_function_configuration(FunctionName=self.name, MemorySize=megabytes)

    def set_variable(self, name: str, value: str) -> None:
        self._lambda.update_function_configuration(FunctionName=self.name, **self._variables({name: value}))

    def reserve(self, reserved: int) -> None:
        self._lambda.put_function_concurrency(FunctionName=self.name, ReservedConcurrentExecutions=reserved)

    def deny(self, action: str) -> None:
        """The role may not do it, whatever else lets it."""
        statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._client("iam").put_role_policy(RoleName=self._role, PolicyName=_POLICY, PolicyDocument=document)

    def end_denial(self) -> None:
        self._client("iam").delete_role_policy(RoleName=self._role, PolicyName=_POLICY)

    def invoke_asynchronously(self, event: str) -> None:
        self._lambda.invoke(FunctionName=self.name, InvocationType="Event", Payload=event)

    @property
    def _lambda(self) -> Any:
        return self._client("lambda")

    @property
    def _role(self) -> str:
        return str(self.configuration["Role"]).rpartition("/")[2]

    def _set_alias(self, version: str) -> None:
        self._lambda.update_alias(FunctionName=self.name, Name=ALIAS, FunctionVersion=version)

    def _variables(self, changed: Mapping[str, str]) -> dict[str, Any]:
        return {"Environment": {"Variables": {**self.configuration["Environment"]["Variables"], **changed}}}

    def _image_with_slow_start(self) -> Path:
        staged = self._stage()
        script = staged.root / SLOW_START.lstrip("/")
        script.write_text(SLOW_START_SCRIPT)
        script.chmod(0o700)
        return self._kept(staged)

    def image_with_placeholder(self) -> Path:
        """The folder of an image in which ``PLACEHOLDER`` is a handler that only prints."""
        staged = self._stage()
        (staged.task_root / "placeholder.py").write_text(PLACEHOLDER_CODE)
        return self._kept(staged)

    def _image_without_extension(self) -> Path:
        staged = self._stage()
        for extension in staged.extensions:
            extension.unlink()
        return self._kept(staged)

    @staticmethod
    def _stage() -> image.Image:
        """Stage the image in the twin's own folder, so that it is removed with the twin, however the twin ends."""
        folder = state_file.make_folder() / ownership.STAGED
        folder.mkdir(mode=0o700, exist_ok=True)
        return image.stage(Path(tempfile.mkdtemp(dir=folder)))

    @staticmethod
    def _kept(staged: image.Image) -> Path:
        """The image's folder, with a file that states what a container image's metadata would."""
        about = {"cmd": staged.command, "env": dict(staged.variables)}
        (staged.root / "image.json").write_text(json.dumps(about))
        return staged.root
