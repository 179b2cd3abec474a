"""Segments of the traces that a job's invocations belong to: from the twin's file, or from X-Ray."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from handler import contract
from ops import formatting, twin_state
from ops.aws import xray
from ops.errors import AwsError, CredentialsError, Unreachable
from ops.insight.sources.traces import read_documents, twin_documents
from ops.traces.model import PathSpan, Searched
from ops.traces.xray_steps import api_spans, every_span, steps_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ops.aws import Aws
    from ops.traces.logged_invocations import LoggedInvocation

MAX_TRACES = 50
"""One per attempt, and one per sender."""


class SegmentReader:
    """``trace_ids``: those that have segments. ``searched``: where they were looked for."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._documents: dict[str, list[Mapping[str, Any]]] = {}
        self._unprocessed: set[str] = set()
        self._place = "X-Ray segments of the twin" if aws.target.is_twin else "X-Ray"
        self.searched = Searched(self._place, 0, "no trace is known")

    @property
    def trace_ids(self) -> tuple[str, ...]:
        return tuple(self._documents)

    def find_by_job(self, job_id: str, start: datetime, end: datetime) -> list[str]:
        """Traces whose annotation has this job, where no log line names one."""
        try:
            return list(xray.find_traces(self._aws, contract.LOG_JOB_ID, job_id, start, end))
        except (CredentialsError, Unreachable):
            raise
        except AwsError as error:
            self.searched = Searched(self._place, None, str(error))
            return []

    def read(self, trace_ids: Sequence[str]) -> None:
        """Raises CredentialsError and Unreachable; another refusal is a note."""
        if not trace_ids:
            return
        asked = trace_ids[:MAX_TRACES]
        try:
            found, gaps = self._read(asked)
        except (CredentialsError, Unreachable):
            raise
        except AwsError as error:
            self.searched = Searched(self._place, None, f"{error} {error.next_step}".strip())
            return
        self._documents = {trace: documents for trace, documents in found.items() if documents}
        if len(asked) < len(trace_ids):
            gaps.append(f"only {len(asked)} of {len(trace_ids)} traces were asked for")
        unknown = len({*asked} - {*self._documents} - self._unprocessed)
        why = "not sampled, or not kept any more" if self._aws.target.is_twin else "not sampled, expired or not indexed"
        if unknown:
            gaps.insert(0, f"{unknown} of {len(asked)} traces have none: {why}")
        self.searched = Searched(self._place, len(self._documents), "; ".join(gaps))

    def _read(self, trace_ids: Sequence[str]) -> tuple[dict[str, list[Mapping[str, Any]]], list[str]]:
        """The segments by trace ID; and in words, what is missing although X-Ray may have it."""
        if self._aws.target.is_twin:
            return {trace: twin_documents(twin_state.folder(), trace) for trace in trace_ids}, []
        answer = xray.get_traces(self._aws, trace_ids)
        self._unprocessed = {*answer.unprocessed} - {*answer.texts}
        gaps = []
        if self._unprocessed:
            gaps.append(f"X-Ray did not process {len(self._unprocessed)} of {len(trace_ids)} traces: try again")
        if answer.cut:
            gaps.append(f"X-Ray left out segments of {formatting.count(len(answer.cut), 'trace')} over its size limit")
        return {trace: read_documents(texts, trace) for trace, texts in answer.texts.items()}, gaps

    def steps(self, invocation: LoggedInvocation, job_ids: Iterable[str] | None) -> list[PathSpan]:
        """``job_ids``: whose steps are wanted, where there are others; None: all."""
        wanted = None if len(invocation.messages) <= 1 and not job_ids else job_ids
        return steps_of(self._documents.get(invocation.trace, ()), invocation.request_id, wanted, invocation.begin)

    def api(self) -> list[PathSpan]:
        return [span for documents in self._documents.values() for span in api_spans(documents)]

    def all(self) -> list[PathSpan]:
        """Everything that was recorded, where nothing else is known of the job."""
        return [
            replace(span, depth=span.depth + 1)
            for documents in self._documents.values()
            for span in every_span(documents)
        ]
