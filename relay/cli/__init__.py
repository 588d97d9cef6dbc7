"""The `relay` command, and the composition root: the only place that imports consumers and reads the environment.

A module a command: it parses, wires and prints; what it does is done by the rooms below.
Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 found something that needs attention, 130 interrupted.
"""
