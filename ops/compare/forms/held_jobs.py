"""Which jobs a queue of the twin holds, read without receiving them: a receive would hide them from whoever works on them."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from dataclasses import dataclass
from urllib.parse import quote

from handler.job import id_in
from ops.errors import TwinError
from ops.twin import callers
from ops.twin_state import TwinState

_PATH = "/_ministack/sqs/messages?QueueUrl="
TIMEOUT_S = 30.0


@dataclass(frozen=True)
class HeldJobs:
    """Messages by job ID, visible or in flight; under an empty ID those that are not jobs."""

    twin: TwinState

    def of(self, queue_url: str) -> Counter[str]:
        """Raises TwinError when the emulator does not say it."""
        connection = http.client.HTTPConnection(self.twin.endpoint.removeprefix("http://"), timeout=TIMEOUT_S)
        try:
            connection.request(
                "GET", _PATH + quote(queue_url, safe=""), headers=callers.bearing(self.twin.secret_token)
            )
            response = connection.getresponse()
            found = json.loads(response.read())["messages"]
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            text = f"Which jobs are in {queue_url} is not known: {type(error).__name__}."
            raise TwinError(text, "See whether the twin runs: ops twin status.") from error
        finally:
            connection.close()
        regions = (region for account in found.values() for region in account.values())
        return Counter(
            id_in(message["Body"]) or "" for region in regions for messages in region.values() for message in messages
        )
