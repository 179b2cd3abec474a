"""Where rules come from: pages of AWS, and incidents that their authors published."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RuleSource:
    title: str
    url: str


def _lambda(page: str) -> RuleSource:
    return RuleSource(f"Lambda developer guide, {page}", f"https://docs.aws.amazon.com/lambda/latest/dg/{page}.html")


def _sqs(page: str) -> RuleSource:
    address = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide"
    return RuleSource(f"SQS developer guide, {page}", f"{address}/{page}.html")


def _cloudwatch(page: str) -> RuleSource:
    address = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring"
    return RuleSource(f"CloudWatch user guide, {page}", f"{address}/{page}.html")


def _api(page: str) -> RuleSource:
    return RuleSource(f"Lambda API reference, {page}", f"https://docs.aws.amazon.com/lambda/latest/api/{page}.html")


LAMBDA_SQS_CONFIGURE = _lambda("services-sqs-configure")
LAMBDA_SQS_ERRORS = _lambda("services-sqs-errorhandling")
LAMBDA_SQS_SCALING = _lambda("services-sqs-scaling")
LAMBDA_CONCURRENCY = _lambda("lambda-concurrency")
LAMBDA_SNAPSTART = _lambda("snapstart")
LAMBDA_LOGS = _lambda("monitoring-cloudwatchlogs")
LAMBDA_VERSIONS = _lambda("configuration-versions")
LAMBDA_EXTENSIONS = _lambda("lambda-extensions")
LAMBDA_METRICS = _lambda("monitoring-metrics-types")
LAMBDA_FILTERS = _lambda("invocation-eventfiltering")
LAMBDA_DURABLE = _lambda("durable-invoking-esm")
CREATE_MAPPING = _api("API_CreateEventSourceMapping")
SQS_DEAD_LETTER = _sqs("sqs-dead-letter-queues")
SQS_ENCRYPTION = _sqs("sqs-server-side-encryption")
SQS_QUOTAS = _sqs("quotas-messages")
SQS_POLICY = _sqs("sqs-security-best-practices")
SQS_METRICS = _sqs("sqs-available-cloudwatch-metrics")
ALARMS = _cloudwatch("AlarmThatSendsEmail")
RECOMMENDED_ALARMS = _cloudwatch("Best_Practice_Recommended_Alarms_AWS_Services")
SNS_DELIVERY = _cloudwatch("Notify_Users_Alarm_Changes")

TENANT_ISOLATION = RuleSource(
    "AWS CDK API reference, TenancyConfig",
    "https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_lambda.TenancyConfig.html",
)
INFLIGHT = RuleSource("Onfido, 2024-03-28: in-flight quota reached", "https://status.onfido.com/incidents/qz7p7cfvfgps")
LATE_DEADLINE = RuleSource(
    "Onfido, 2025-10-09: paged after the deadline", "https://status.onfido.com/incidents/p8j29m055xz0"
)
DLQ_LOOP = RuleSource(
    "The Coupon Bureau, 2025-09-04: a DLQ's consumer used up the concurrency",
    "https://status.portal.thecouponbureau.org/incidents/w30z65gkmrm1",
)
DRAINED_UNSEEN = RuleSource(
    "Readplace #1127: 54 dead letters that a depth alarm never saw",
    "https://github.com/Readplace/readplace.com/issues/1127",
)
TOPIC_KEY = RuleSource(
    "Intelligent document processing on AWS #767: every alarm action failed",
    "https://github.com/aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws/issues/767",
)
QUEUE_KEY = RuleSource(
    "AWS CDK #19796: SNS could send nothing to a queue with the AWS managed key",
    "https://github.com/aws/aws-cdk/issues/19796",
)
SELF_CLEARING = RuleSource(
    "Guardian #2423: an alarm that cleared itself while the job still failed",
    "https://github.com/guardian/support-service-lambdas/pull/2423",
)
EXPIRED_ON_ARRIVAL = RuleSource(
    "Guardian #2288: dead letters that expired on arrival",
    "https://github.com/guardian/support-service-lambdas/pull/2288",
)
FIFO_RETRIES = RuleSource("NEAR QueryAPI #75: 18 minutes per message", "https://github.com/near/queryapi/issues/75")
THROTTLED_TO_DLQ = RuleSource(
    "r/aws 1oz3p88: throttled into the DLQ without one invocation", "https://www.reddit.com/comments/1oz3p88"
)
IDLE_POLLING = RuleSource(
    "Lift #132: 15 empty receives a minute per idle queue", "https://github.com/getlift/lift/issues/132"
)
XRAY_SDK = RuleSource(
    "Powertools for AWS Lambda (Python) #7382: X-Ray SDKs end on 2027-02-25",
    "https://github.com/aws-powertools/powertools-lambda-python/issues/7382",
)
