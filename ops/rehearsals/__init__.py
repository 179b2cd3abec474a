"""Tests runbooks on separate twins: an incident is caused, and the runbook must end it.

``library`` and ``rehearsal_parser``: the files in ``runbooks/rehearsals``. ``own_twin`` starts the twin that
``rehearse`` works on, ``parallel`` several of them; ``acts`` are what a file may do to it, and ``staging`` does it.
"""
