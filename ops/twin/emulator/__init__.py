"""The emulator: MiniStack in our own process, with named functions of it replaced where AWS behaves differently.

``python -m ops.twin.emulator`` serves it on loopback. ``assembly`` lists the modules that bring replacements
("patches"); each holds those of one concern, and says which AWS behavior they stand for, its source, and what they
leave out. LDG and SDG stand for AWS's developer guides of Lambda and SQS.
"""
