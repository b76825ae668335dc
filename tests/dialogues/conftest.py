"""The same running Baton as for the system tests."""

from tests.system.conftest import ears, house

__all__ = ["ears", "house"]
