"""Stands for the daemon of an Elastic Beanstalk worker environment: it reads a queue and posts each message to the
application beside it, by the rules of the developer guide ("worker environments", archived copy ≤ 2023, read 2026-11).

Not modeled: leader election among several instances (there is one), detection of message storms, automatic scaling.
"""
