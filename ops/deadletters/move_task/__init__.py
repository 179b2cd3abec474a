"""Redrive by SQS itself, with message move tasks: for the last step of a plan that sends a whole queue unchanged.

SQS moves up to 500 messages per second with no request of ours per message, but it does not report which messages it
moved, and it also moves those that fail again meanwhile. So the canary's first steps go through our own engine; while a
task runs, its count is checked against what there was to move; and when it has ended, the engine reads the queue again.
"""
