"""The event log behind three ports (publish; read, as member of a group or as a bounded scan; topics).

Two adapters: Kafka, and a durable log in one SQLite file for one machine. `tests/contract` holds both to `ports.py`.
"""
