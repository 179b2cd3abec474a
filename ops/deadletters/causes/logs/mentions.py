"""Which ids a line is about, and which it only quotes: "duplicate of <id>" is about another message."""

from __future__ import annotations

import re

from ops.deadletters.causes.logs.log_shapes import UUID

_ID = re.compile(UUID)
_REACH = 60
"""Characters before an ID that show what it is."""
_QUOTED = re.compile(
    r"""(?:\b(?:taken|held|locked|blocked|owned|claimed|reserved|replaced|superseded|preceded|caused|triggered)\ by
    |\b(?:duplicates?|copy|clone|child|reply|response|continuation|same)\ (?:of|to|as)
    |\b(?:waits?|waiting|depends?|conflict(?:s|ing)?|collides?|differs?)\ (?:for|on|with|from)
    |\b(?:after|behind|parent|predecessor))
    (?:\ (?:the|message|record|order|job|item|event|id)){0,3}[\s:=\#('"]{1,3}$
    |(?:duplicate_?of|parent(?:_?(?:message|record|job|event))?(?:_?id)?|caus(?:ed_?by|ation_?id)|in_?reply_?to
    |(?:blocked|locked|held|taken|replaced|superseded)_?by|depends_?on|conflicts?_?with)\\*["']?\s?[:=]\s?\\*["']?$""",
    re.IGNORECASE | re.VERBOSE,
)


def mentioned_ids(message: str) -> frozenset[str]:
    """Every UUID of ``message`` but those that stand only where another message is quoted."""
    return frozenset(
        found[0]
        for found in _ID.finditer(message)
        if not _QUOTED.search(message[max(0, found.start() - _REACH) : found.start()])
    )
