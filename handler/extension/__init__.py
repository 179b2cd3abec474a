"""The Lambda extension: one EMF record per invocation, made from the Telemetry API. Standard library only.

It starts in every cold start beside the handler, so each module imports only what the interpreter has compiled in.
"""
