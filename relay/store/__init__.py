"""The database: SQLAlchemy 2 async on SQLite and PostgreSQL. A module a noun, each a class over one `Database`.

A method is one short transaction. No transaction is open while a vendor is called: a lock that spans a call is a
lease row (`leases.py`).
"""
