"""The twin's Lambda host: one process that runs functions as AWS Lambda does, on loopback.

Stands for Lambda's data plane (LDG lambda-runtime-environment and the Runtime, Extensions and Telemetry API
references, compiled 2026-11-23). The emulator speaks to it in plain HTTP:

- ``PUT /functions/{name}`` with a revision, the function's configuration and its role's keys.
- ``POST /functions/{name}/invocations``: the event in, the function's payload out, with ``X-Amz-Function-Error`` and
  the figures of REPORT as headers; 409 when the revision is not known here.
- ``GET /health``: busy and idle environments of each function.

Inside, from the door to the process: ``server`` (the protocol) → ``pool`` (a function's environments) →
``environment`` (init, invocations, reset, shutdown, and what is reported about them) → ``sandbox`` (phases, freeze, the
three APIs) → ``process_group`` and ``process``. One thread, one event loop.

Each module says what of AWS it stands for and what it does not model. Not modeled anywhere: an
isolated file system and network, ``/tmp`` limits, provisioned concurrency, SnapStart, Managed Instances, response
streaming.
"""
