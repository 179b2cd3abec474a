"""The same jobs on a synchronous HTTP container and on the event-driven function, measured on the twin.

``run`` drives both, ``saved`` keeps the last measured run, and ``break_even`` turns it into dollars by requests per day.
"""
