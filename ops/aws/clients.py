"""AWS clients, created once and on first use, with short timeouts and few retries."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from ops.aws import error_mapping
from ops.target import Target

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from botocore.session import Session
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 25
"""Above SQS's longest poll (20 s), so that no long poll is cut off."""
MAX_ATTEMPTS = 3
"""The first attempt and two retries, with the SDK's standard backoff: a few seconds, since a user is waiting."""
MAX_CONNECTIONS = 32
"""Open connections per client: more than the dashboard's threads."""


class Aws:
    """The clients for one ``target``. Safe to share between threads."""

    def __init__(
        self, target: Target, max_attempts: int = MAX_ATTEMPTS, read_timeout_s: float = READ_TIMEOUT_S
    ) -> None:
        self.target = target
        self._max_attempts = max_attempts
        self._read_timeout_s = read_timeout_s
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._session: Session | None = None
        self._uses_fast_sqs = False

    def without_retries(self, read_timeout_s: float = READ_TIMEOUT_S, *, fast_sqs: bool = True) -> Aws:
        """The same AWS, but each call is made once: for calls whose repetition must be noticed, such as a send.

        It shares the session, so that no second MFA token is needed. ``fast_sqs``: it moves messages by that client.
        """
        other = Aws(self.target, 0, read_timeout_s)  # max_attempts in botocore's Config counts retries only
        with self._lock:
            other._session = self._shared_session()
        other._lock = self._lock  # creating clients from one session is not thread-safe
        other._uses_fast_sqs = fast_sqs
        return other

    def disconnect(self) -> None:
        """Close idle connections; the next call opens one again."""
        with self._lock:
            clients = tuple(self._clients.values())
        for client in clients:
            client.close()

    @property
    def region(self) -> str:
        """The region in use. Raises CredentialsError (an unknown profile) or UsageError (no region is set)."""
        with self._lock:
            name: str | None = self._shared_session().get_config_variable("region")
        if not name:
            raise error_mapping.no_region(self.target)
        return name

    @property
    def cloudformation(self) -> CloudFormationClient:
        return cast("CloudFormationClient", self._client("cloudformation"))

    @property
    def cloudwatch(self) -> CloudWatchClient:
        return cast("CloudWatchClient", self._client("cloudwatch"))

    @property
    def kms(self) -> Any:
        return self._client("kms")

    @property
    def events(self) -> EventBridgeClient:
        return cast("EventBridgeClient", self._client("events"))

    @property
    def lambda_(self) -> LambdaClient:
        return cast("LambdaClient", self._client("lambda"))

    @property
    def logs(self) -> CloudWatchLogsClient:
        return cast("CloudWatchLogsClient", self._client("logs"))

    @property
    def pricing(self) -> Any:
        return self._client("pricing")

    @property
    def sns(self) -> SNSClient:
        return cast("SNSClient", self._client("sns"))

    @property
    def sqs(self) -> SQSClient:
        return cast("SQSClient", self._client("sqs"))

    @property
    def sts(self) -> STSClient:
        return cast("STSClient", self._client("sts"))

    @property
    def xray(self) -> Any:
        return self._client("xray")

    @contextmanager
    def translate_errors(self, service: str, about: str) -> Iterator[None]:
        """Turns what botocore raises inside, or Python for text that is not valid UTF-8, into an error of ``ops.errors``.

        ``service``: the prefix of its IAM actions. ``about``: a noun phrase for what is accessed ("queue jobs").
        """
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            yield
        except (BotoCoreError, ClientError, ResponseParserError, UnicodeEncodeError) as error:
            raise error_mapping.translate(error, service, about, self.target) from error
        except KeyError as error:  # botocore takes a response that was cut off in its headers for an empty one
            broken = ResponseParserError(f"it lacks {error}")
            raise error_mapping.translate(broken, service, about, self.target) from broken

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                from botocore.config import Config

                config = Config(
                    connect_timeout=CONNECT_TIMEOUT_S,
                    read_timeout=self._read_timeout_s,
                    retries={"mode": "standard", "max_attempts": self._max_attempts},
                    max_pool_connections=MAX_CONNECTIONS,
                    user_agent_extra="scilearn-ops",
                )
                client = self._shared_session().create_client(service, endpoint_url=self.target.endpoint, config=config)
                self._clients[service] = (
                    self._fast_client(client) if self._uses_fast_sqs and service == "sqs" else client
                )
            return self._clients[service]

    def _fast_client(self, client: Any) -> Any:
        from ops.aws.fast_sqs import sqs_client

        if not sqs_client.is_direct(client.meta.endpoint_url):
            return client
        return sqs_client.FastSqsClient(self._shared_session(), client, CONNECT_TIMEOUT_S, self._read_timeout_s)

    def _shared_session(self) -> Session:
        """The session; called with the lock held, since creating sessions and clients is not thread-safe.

        It is botocore's: boto3's adds resources and S3 transfers, which take as long to import as botocore itself.
        """
        if self._session is None:
            import botocore.session
            from botocore.exceptions import BotoCoreError

            target = self.target
            session = botocore.session.Session(profile=target.profile)
            session.register_component("data_loader", _api_descriptions(session.get_config_variable("data_path")))
            session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parse_timestamp)
            if target.region:
                session.set_config_variable("region", target.region)
            if target.access_key_id and target.secret_access_key:
                session.set_credentials(target.access_key_id, target.secret_access_key)
            try:
                session.get_scoped_config()  # raises for an unknown profile
            except BotoCoreError as error:
                raise error_mapping.translate(error, "sts", "the AWS profile", target) from error
            self._session = session
        return self._session


@cache
def _api_descriptions(data_path: str | None) -> Loader:
    """AWS's descriptions of its APIs, parsed once for all sessions: of a new session's first clients that is most of the time,
    0.1 s of the processor. A server makes sessions again and again, so that renewed credentials are read."""
    from botocore.loaders import create_loader

    return create_loader(data_path)


def parse_timestamp(value: Any) -> datetime:
    """Replaces botocore's parser, which looks up the machine's time zone for each number: with 11,000 points in a
    GetMetricData response that takes longer than everything else. Text is left to botocore."""
    import botocore.utils

    if isinstance(value, int | float):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OverflowError, OSError, ValueError):
            pass  # beyond the year 9999: botocore says so
    parsed: datetime = botocore.utils.parse_timestamp(value)
    return parsed
