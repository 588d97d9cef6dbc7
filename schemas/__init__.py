"""Contracts, ground floor: what stands on the log, what the vendors send, and the words for what happens to it.

Imports nothing of ours. The JSON Schemas and `asyncapi.yaml` in this folder are generated from these modules
(`python -m schemas.documents`); a test says when they are stale.
"""
