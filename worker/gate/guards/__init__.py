"""The guards that a team may name, and the panel of those it does."""

from worker.gate.guards.build import build

__all__ = ["build"]
