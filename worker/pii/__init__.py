"""What identifies a person, opens an account or a door: where it stands in a text, written or spoken."""

from worker.pii.finder import EVERY_KIND, REGIONS, find
from worker.pii.span import Kind, Span

__all__ = ["EVERY_KIND", "REGIONS", "Kind", "Span", "find"]
