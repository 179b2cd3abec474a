"""Names under which loggers write what a record says, and the error in it; a dot is a nested key, or part of the key itself."""

from __future__ import annotations

from handler import contract

WORDS_KEYS = (
    "message", "msg", "@m", "@message", "event", "RenderedMessage", "Message", "short_message", "fields.message",
    "@mt", "MessageTemplate", "record.message", "text", "body", "log", "textPayload",
)  # fmt: skip
"""Keys of a record's message."""
TYPE_KEYS = (
    contract.LOG_ERROR_TYPE, "exception_name", "errorType", "error_name", "error.type", "exception.type", "ErrorType",
    "exceptionType", "attributes.exception.type",
)  # fmt: skip
REASON_KEYS = (
    contract.LOG_ERROR_MESSAGE,
    "errorMessage",
    "error.message",
    "exception.message",
    "ErrorMessage",
    "attributes.exception.message",
)
STACK_KEYS = (
    "exception", "stack_trace", "stackTrace", "stack", "traceback", "exc_info", "error.stack_trace", "@x", "Exception",
    "exception.stacktrace", "stacktrace", "backtrace", "errorVerbose", "full_message", "text", "trace",
    "attributes.exception.stacktrace",
)  # fmt: skip
ERROR_KEYS = (
    "error", "err", "exception", "thrown", "throwable", "exc_info", "Exception", "context.exception", "context.error",
    "fields.error", "fields.err", "record.exception", "Error", "reason", "message", "msg",
)  # fmt: skip
"""Keys of the error itself, as an object; all but the last two also as text."""
INNER_TYPE = ("errorType", "exc_type", "name", "type", "class", "className", "exception_class", "ClassName", "Type",
              "Name", "code")  # fmt: skip
INNER_REASON = ("errorMessage", "exc_value", "message", "msg", "value", "exception_message", "Message", "description",
                "localizedMessage")  # fmt: skip
INNER_STACK = ("stack", "stackTrace", "stacktrace", "stack_trace", "trace", "traceback", "extendedStackTrace",
               "StackTrace", "StackTraceString", "stepArray", "frames", "backtrace", "file")  # fmt: skip
INNER_CAUSE = ("cause", "Cause", "inner_exception", "innerException", "InnerException", "previous", "caused_by",
               "childErrors", "errors", "inner_exceptions", "InnerExceptions", "causes", "rootCause",
               "reason")  # fmt: skip
"""What an error object names: its type, reason and frames, and the errors behind it."""
