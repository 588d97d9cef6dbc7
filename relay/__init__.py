"""What everything stands on, and the web side of the relay."""

from importlib.metadata import version

__version__ = version("ghl-xero-relay")
