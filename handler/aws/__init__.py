"""A lean client of the four AWS services that the handler calls: S3, DynamoDB, EventBridge and SQS.

boto3 with one client costs a cold start about 450 ms; this costs about 15. It speaks HTTP/1.1 with keep-alive
(``http_connection``), signs with Signature Version 4 (``sigv4``, which tests compare with botocore's signer), finds
credentials where Lambda, ECS and EC2 put them (``credentials``), and retries transient failures (``client``).
"""

from handler.aws.client import AwsError, Client

__all__ = ["AwsError", "Client"]
