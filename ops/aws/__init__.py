"""The one door to AWS (and to the twin, which speaks the same APIs).

``Aws(target)`` costs nothing until the first call: boto3 is imported and each client made when it is needed. The
modules beside this one, one a service, turn answers into frozen dataclasses and refusals into errors of ``ops.errors``.
"""

from ops.aws.clients import Aws

__all__ = ["Aws"]
