"""Templates in the shapes that public repositories have (SAM, CDK, Serverless Framework, hand-written), and what is wrong
with each workload of theirs: all rules of severity critical or warning that find something, or have no answer."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "templates"
_USUAL = ("age-alarm", "errors-alarm", "throttles-alarm", "log-retention")
"""Missing in most templates."""
_NO_DLQ_ALARM = (*_USUAL, "dlq-alarm")

FINDINGS: dict[str, dict[str, set[str]]] = {
    "alarms_with_wrong_dimensions.json": {
        "SqsQueue": {
            *_USUAL,
            "alarm-dimension",
            "alarm-period",
            "alarm-without-action",
            "dlq-missing",
            "partial-batch-responses",
            "reserved-zero",
            "visibility-timeout",
        }
    },
    "cdk_synthesized.json": {
        "ParcelQueue4E5F6A7B": {*_NO_DLQ_ALARM, "dlq-retention", "max-receive-count", "reserved-without-maximum"}
    },
    "dlq_drained_by_a_function.yaml": {
        "Import": {*_USUAL, "alarm-missing-data", "dlq-alarm-received", "dlq-alarm-threshold"}
    },
    "encrypted_topic_and_composite.yaml": {
        "Jobs": {
            *_NO_DLQ_ALARM,
            "alarm-window",
            "dlq-retention",
            "partial-batch-responses",
            "redrive-denied",
            "topic-key",
            "visibility-timeout",
        }
        - {"errors-alarm"}
    },
    "fan_out_and_math.yaml": {
        "Inbox": {
            *_USUAL,
            "alarm-actions-disabled",
            "dlq-missing",
            "dlq-on-function",
            "mapping-disabled",
            "partial-batch-responses",
            "public-queue",
            "visibility-timeout",
        }
        - {"errors-alarm"}
    },
    "fifo_with_groups.yaml": {
        "Ledger": {
            *_NO_DLQ_ALARM,
            "alarm-statistic",
            "alarm-without-action",
            "batch-limits",
            "fifo-retry-time",
            "partial-batch-responses",
            "visibility-timeout",
        }
        - {"age-alarm"}
    },
    "function_of_an_imported_queue.yaml": {
        "queue of Handler.Tasks": {
            "errors-alarm",
            "throttles-alarm",
            "log-retention",
            "partial-batch-responses",
            "reserved-below-maximum",
        }
    },
    "language_extensions.yaml": {
        "Own": {
            *_USUAL,
            "dlq-missing",
            "in-flight-quota",
            "partial-batch-responses",
            "short-retention",
        }
        - {"age-alarm"}
    },
    "mappings_and_stages.yaml": {"Thumbs": {*_USUAL, "dlq-missing"} - {"errors-alarm"}},
    "provisioned_and_filtered.yaml": {"Events": {*_NO_DLQ_ALARM, "competing-mappings", "partial-batch-responses"}},
    "queues_only.yaml": {"Queue": {"dlq-retention"}},
    "sam_globals_and_events.yaml": {
        "InvoiceQueue": {*_USUAL, "dlq-missing", "partial-batch-responses", "visibility-timeout"} - {"log-retention"}
    },
    "serverless_framework_compiled.json": {
        "MailQueue": {
            *_USUAL,
            "dlq-alarm-sent",
            "dlq-retention",
            "max-receive-count",
            "partial-batch-responses",
            "topic-key",
            "topic-subscription",
            "visibility-timeout",
        }
    },
    "yaml_anchors.yaml": {
        name: {
            *_NO_DLQ_ALARM,
            "max-receive-count",
            "partial-batch-responses",
            "queue-encryption",
            "reserved-below-maximum",
        }
        for name in ("A", "B")
    },
}
NOT_CHECKED: dict[str, set[str]] = {
    "function_of_an_imported_queue.yaml": {
        "visibility-timeout",
        "dlq-missing",
        "dlq-alarm",
        "topic-key",
        "alarm-window",
    },
    "language_extensions.yaml": {"visibility-timeout", "age-alarm"},
    "mappings_and_stages.yaml": {"visibility-timeout", "alarm-without-action", "alarm-window", "topic-key"},
    "queues_only.yaml": {"visibility-timeout", "dlq-alarm", "partial-batch-responses"},
    "sam_globals_and_events.yaml": {"log-retention"},
}
"""Some of the rules that a template does not answer."""
