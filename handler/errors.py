"""What can go wrong with a job, drawn as a tree. The class name is the failure cause that the message carries.

    Rejected                   can never succeed: to the dead-letter queue at once, never retried
    ├── NotJson                the body is not a JSON object
    ├── WrongSchema            a member is missing, unknown, of the wrong type or out of its range
    ├── UnknownJob             no such kind of job
    ├── JobIdReused            the job id was used for a job with other content
    ├── DataNotFound           no such object, bucket or file
    ├── DataDenied             the function's role may not read it
    ├── PathOutsideMount       the path leaves the mount, by ``..`` or by a link
    ├── TableTooLarge          more bytes or cells than a job may have
    ├── UnusableData           no table, or a table from which this job can learn nothing
    └── UnknownModelSchema     the model was written by another version

    Postponed                  may succeed later: an ordinary failure, which the queue delivers again
    ├── OutOfTime              not started, because the invocation's time is nearly up
    └── NotAnnounced           the result is stored, but the bus did not take its event

Every other exception (``handler.aws.AwsError`` first of all) is an ordinary failure too.
"""

from __future__ import annotations

MAX_CHARS = 500
"""Characters of a sentence. It quotes names out of the job, and they may be as long as the job."""


class Rejected(Exception):
    """``str(error)`` is one sentence for a person: what was wrong, and where. Too long a one is cut."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence if len(sentence) <= MAX_CHARS else f"{sentence[: MAX_CHARS - 1]}…")


class NotJson(Rejected):
    pass


class WrongSchema(Rejected):
    pass


class UnknownJob(Rejected):
    pass


class JobIdReused(Rejected):
    pass


class DataNotFound(Rejected):
    pass


class DataDenied(Rejected):
    pass


class PathOutsideMount(Rejected):
    pass


class TableTooLarge(Rejected):
    pass


class UnusableData(Rejected):
    pass


class UnknownModelSchema(Rejected):
    pass


class Postponed(Exception):
    """Nothing is wrong with the job itself."""


class OutOfTime(Postponed):
    pass


class NotAnnounced(Postponed):
    pass
