"""The alarms of an account with their tags: whose they are, and with which options they were put."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.alarms.applying.model import OPTION_TAGS, OWNER_TAG
from ops.aws.cloudwatch import alarm_store
from ops.aws.parallel_calls import parallel_map
from ops.errors import NotFound, UsageError

if TYPE_CHECKING:
    from ops.aws import Aws

Definition = Mapping[str, Any]
STACK_TAG = "aws:cloudformation:stack-name"


@dataclass(frozen=True)
class LiveAlarms:
    """An account's alarms by name."""

    definitions: Mapping[str, Definition]
    tags: Mapping[str, Mapping[str, str]]

    def owner(self, workload: str, name: str) -> str | None:
        """None: ours. Else whose it is, in words."""
        tags = self.tags[name]
        if tags.get(OWNER_TAG) == workload:
            return None
        if OWNER_TAG in tags:
            return f"workload {tags[OWNER_TAG]}"
        return f"stack {tags[STACK_TAG]}" if STACK_TAG in tags else "another owner"

    def options(self, workload: str, asked: Collection[str] = ()) -> dict[str, str]:
        """The options with which the workload's alarms were put, by name. Raises UsageError when alarms have different
        values of one that is not ``asked`` for again."""
        found: dict[str, str] = {}
        own = [tags for name, tags in self.tags.items() if self.owner(workload, name) is None]
        for option, key in OPTION_TAGS.items():
            values = sorted({tags[key] for tags in own if key in tags})
            if len(values) > 1 and option not in asked:
                raise UsageError(
                    f"The alarms were applied with different values of --{option}: {', '.join(values)}.",
                    f"Choose one for all of them: ops alarms apply --{option} VALUE; or none: ops alarms apply --forget.",
                )
            if len(values) == 1:
                found[option] = values[0]
        return found


def read(aws: Aws, names: Sequence[str] = (), prefix: str = "") -> LiveAlarms:
    """Reads the alarms with these names, and those whose names begin with ``prefix`` if it is given. Needs
    cloudwatch:DescribeAlarms and ListTagsForResource."""
    definitions = alarm_store.definitions_named(aws, names) if names else {}
    if prefix:
        definitions |= alarm_store.definitions_with_prefix(aws, prefix)
    arns = [str(definition["AlarmArn"]) for definition in definitions.values()]
    found = zip(definitions, parallel_map(lambda arn: _tags(aws, arn), arns), strict=True)
    tags = {name: each for name, each in found if each is not None}
    return LiveAlarms({name: definitions[name] for name in tags}, tags)


def _tags(aws: Aws, arn: str) -> dict[str, str] | None:
    """None for an alarm that was deleted after it was listed."""
    try:
        return alarm_store.alarm_tags(aws, arn)
    except NotFound:
        return None
