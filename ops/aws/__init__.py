"""All access to AWS (and to the twin, which has the same APIs).

``Aws(target)`` costs nothing until the first call: boto3 is imported, and each client created, when it is needed. Each
module here covers one service; it turns responses into frozen dataclasses, and errors into those of ``ops.errors``.
"""

from ops.aws.clients import Aws

__all__ = ["Aws"]
