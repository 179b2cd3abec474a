"""The steps of one invocation from X-Ray's segment documents."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from handler import contract
from ops.insight.sources.traces import failure_text
from ops.traces.batch_summary import folded
from ops.traces.model import Basis, PathSpan, SpanKind

SOURCE = "X-Ray"
API_ORIGIN, FUNCTION_ORIGIN = "AWS::ApiGateway::Stage", "AWS::Lambda::Function"
_OF_THE_PLATFORM = ("Initialization", "Invocation", "Overhead", "Dwell Time", "Attempt #")
"""Lambda's own subsegments, of which the records know more."""
_MAX_NAME = 120
SHARED = "after the job's own part: of a batch, it may serve other jobs, too"
_KINDS = {API_ORIGIN: SpanKind.API, FUNCTION_ORIGIN: SpanKind.ATTEMPT}
Document = Mapping[str, Any]


def steps_of(
    documents: Sequence[Document], request_id: str, job_ids: Iterable[str] | None, began: datetime
) -> list[PathSpan]:
    """What the function recorded below its segment in this attempt, which ``began`` then, depth first from depth 0.

    ``job_ids``: of a batch only these jobs' parts, and what came between each and the next job, or announced it; the rest is
    one span. None: all is kept.
    """
    children = _children(documents)
    roots = [document for document in documents if _is_function(document, request_id)]
    roots = sorted(roots, key=lambda root: abs(_start(root) - began.timestamp()))[:1]  # a retry has the same request ID
    below = [child for root in roots for child in children[root["id"]]]
    while len(below) == 1 and _is_wrapper(below[0]):
        below = children[below[0]["id"]]
    wanted = None if job_ids is None else set(job_ids)
    if wanted is None or all(_job(document) in wanted for document in below if _is_part(document)):
        return list(_tree(below, children))
    spans: list[PathSpan] = []
    rest: list[PathSpan] = []
    mine, announced = False, True
    for document in below:
        job = _job(document)
        if _is_part(document):
            mine = job in wanted
            announced = announced and not mine
            (spans if mine else rest).extend(_tree([document], children))
        elif mine or (not announced and _operation(document) == "PutEvents"):
            announced = announced or _operation(document) == "PutEvents"
            spans += (replace(span, detail=SHARED) for span in _tree([document], children))
        else:
            rest += _tree([document], children)
    return [*spans, *folded(rest, 0)]


def every_span(documents: Sequence[Document]) -> list[PathSpan]:
    """All of a trace, depth first from depth 0."""
    known = {document["id"] for document in documents}
    children = _children(documents)
    roots = [document for document in documents if document.get("parent_id") not in known]
    return list(_tree(sorted(roots, key=_start), children))


def _children(documents: Sequence[Document]) -> dict[str, list[Document]]:
    children: dict[str, list[Document]] = defaultdict(list)
    for document in sorted(documents, key=_start):
        parent = document.get("parent_id")
        if isinstance(parent, str) and parent != document["id"]:
            children[parent].append(document)
    return children


def _tree(roots: Sequence[Document], children: Mapping[str, list[Document]]) -> Iterator[PathSpan]:
    seen: set[str] = set()
    waiting = [(root, 0) for root in reversed(roots)]
    while waiting:
        document, depth = waiting.pop()
        if document["id"] in seen:
            continue
        seen.add(document["id"])
        below = depth
        if not _is_wrapper(document):
            yield _span(document, _KINDS.get(str(document.get("origin")), SpanKind.STEP), depth)
            below = depth + 1
        waiting += [(child, below) for child in reversed(children.get(document["id"], []))]


def _start(document: Document) -> float:
    return float(document["start_time"])


def api_spans(documents: Sequence[Document]) -> Iterator[PathSpan]:
    """The request at API Gateway, where its stage is traced."""
    for document in documents:
        if document.get("origin") == API_ORIGIN:
            span = _span(document, SpanKind.API, 1)
            yield replace(span, name=f"API {span.name}")


def _is_function(document: Document, request_id: str) -> bool:
    aws = document.get("aws")
    return (
        document.get("origin") == FUNCTION_ORIGIN and isinstance(aws, Mapping) and aws.get("request_id") == request_id
    )


def _is_wrapper(document: Document) -> bool:
    """Parts that are as long as what is drawn around them: the handler itself, and Lambda's own."""
    name = str(document.get("name", ""))
    return name.startswith(_OF_THE_PLATFORM) or name == "## lambda_handler"


def _job(document: Document) -> str | None:
    annotations = document.get("annotations")
    job = annotations.get(contract.LOG_JOB_ID) if isinstance(annotations, Mapping) else None
    return job if isinstance(job, str) else None


def _is_part(document: Document) -> bool:
    """Whether it is a part of the function's own code, as each job is; otherwise it is a call to AWS in between."""
    return _job(document) is not None or document.get("namespace") != "aws"


def _operation(document: Document) -> str:
    aws = document.get("aws")
    operation = aws.get("operation") if isinstance(aws, Mapping) else None
    return operation if isinstance(operation, str) else ""


def _span(document: Document, kind: SpanKind, depth: int) -> PathSpan:
    start, end = document["start_time"], document.get("end_time")
    name = str(document.get("name", "")).removeprefix("## ").removeprefix("handler.app.")
    known = isinstance(end, int | float) and not isinstance(end, bool) and math.isfinite(end)
    return PathSpan(
        name=f"{name} {_operation(document)}".strip()[:_MAX_NAME],
        kind=kind,
        start=datetime.fromtimestamp(start, UTC),
        duration_s=max(0.0, end - start) if known and end is not None else None,
        depth=depth,
        basis=Basis.MEASURED,
        source=SOURCE,
        failure=failure_text(document),
    )
