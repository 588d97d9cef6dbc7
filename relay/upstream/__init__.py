"""Xero and HighLevel API clients: small, typed; lists in and out wherever the vendor can batch."""
