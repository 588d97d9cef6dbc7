"""Metrics, logs and health of every process."""
