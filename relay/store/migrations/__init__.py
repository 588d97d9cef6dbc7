"""Alembic's folder: `env.py` and one file a version. Run by `relay/store/schema.py`, without an `alembic.ini`."""
