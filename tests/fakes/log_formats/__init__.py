"""The lines of loggers and runtimes, from their documentation and sources: what the causes bench parses.

Independent of ``ops.deadletters.causes``: nothing of it is imported here, so that the bench can fail.
"""

from __future__ import annotations

from tests.fakes.log_formats import java_dotnet, node, other_languages, python
from tests.fakes.log_formats.common import DOTNET, GO, JAVA, NODE, PHP, PYTHON, RUBY, Failure, LogFormat
from tests.fakes.log_formats.unhandled import SPLIT_TRACES, UNHANDLED

__all__ = ["LOG_FORMATS", "SPLIT_TRACES", "UNHANDLED", "Failure", "LogFormat"]

LOG_FORMATS = (
    LogFormat("Python text", python.python_text_line, python.python_text_error, PYTHON),
    LogFormat("Python logging, own format", python.python_plain_line, python.python_plain_error, PYTHON),
    LogFormat("python-json-logger", python.json_logger_line, python.json_logger_error, PYTHON),
    LogFormat("Powertools for Python", python.powertools_line, python.powertools_error, PYTHON),
    LogFormat("Lambda JSON, Python", python.lambda_json_line, python.lambda_json_error, PYTHON),
    LogFormat("severity", other_languages.severity_line, other_languages.severity_error, PYTHON),
    LogFormat("Node.js console", node.console_line, node.console_error, NODE),
    LogFormat("Lambda JSON, Node.js", node.console_json_line, node.console_json_error, NODE),
    LogFormat("pino", node.pino_line, node.pino_error, NODE),
    LogFormat("bunyan", node.bunyan_line, node.bunyan_error, NODE),
    LogFormat("winston", node.winston_line, node.winston_error, NODE),
    LogFormat("Powertools for TypeScript", node.powertools_ts_line, node.powertools_ts_error, NODE),
    LogFormat("log4j2 text", java_dotnet.log4j_line, java_dotnet.log4j_error, JAVA),
    LogFormat("log4j2 JSON", java_dotnet.log4j_json_line, java_dotnet.log4j_json_error, JAVA),
    LogFormat("Spring Boot", java_dotnet.spring_line, java_dotnet.spring_error, JAVA),
    LogFormat("logback", java_dotnet.logback_line, java_dotnet.logback_error, JAVA),
    LogFormat("ECS", java_dotnet.ecs_line, java_dotnet.ecs_error, JAVA),
    LogFormat("Powertools for Java", java_dotnet.powertools_java_line, java_dotnet.powertools_java_error, JAVA),
    LogFormat(".NET", java_dotnet.dotnet_line, java_dotnet.dotnet_error, DOTNET),
    LogFormat("Serilog", java_dotnet.serilog_line, java_dotnet.serilog_error, DOTNET),
    LogFormat("slog", other_languages.slog_line, other_languages.slog_error, GO, typed=False),
    LogFormat("zap", other_languages.zap_line, other_languages.zap_error, GO, typed=False),
    LogFormat("logrus", other_languages.logrus_line, other_languages.logrus_error, GO, typed=False),
    LogFormat("Rust tracing", other_languages.tracing_line, other_languages.tracing_error, GO, typed=False),
    LogFormat("Ruby Logger", other_languages.ruby_line, other_languages.ruby_error, RUBY),
    LogFormat("Monolog", other_languages.monolog_line, other_languages.monolog_error, PHP),
)
