"""What is said against what is known, as values."""

from worker.gate.guards.claims.claims import Claims

__all__ = ["Claims"]
