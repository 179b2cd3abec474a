"""A second evaluator of alarms, slow and plain, written from the tables of the CloudWatch user guide apart from
``ops.alarms.evaluate``: ``states`` and ``acting`` import nothing of it, look at every point at every evaluation, and count
seconds one by one where the evaluator computes times. ``cases`` and ``worked`` compare: the two evaluators, and the first
one with AWS's own examples."""
