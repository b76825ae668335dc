"""Who of those in the room is a caller: of agents, recorders and the like, nobody is. Pure."""

from collections.abc import Iterator

from livekit import rtc

from agents.people import Linked

STANDARD = rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD
SIP = rtc.ParticipantKind.PARTICIPANT_KIND_SIP
MOST = 16  # people who are heard in one call; each has a microphone that is listened to


class LinkedPeople:
    """The identities of those who are heard, in the order in which they came. `first` is with whom the call began."""

    def __init__(self, linked: Linked, first: str) -> None:
        self._linked, self._first = linked, first
        self._here = list[str]()

    def __contains__(self, identity: object) -> bool:
        return identity in self._here

    def __bool__(self) -> bool:
        """Whether anybody is there."""
        return bool(self._here)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._here))

    @property
    def heard(self) -> str:
        """In words, for somebody who is not."""
        return "the agent hears the first" if self._linked == "first" else f"the agent hears the first {MOST} people"

    def came(self, identity: str, kind: rtc.ParticipantKind.ValueType) -> bool:
        """Somebody is in the room. Returns whether they are heard, and were not before."""
        heard = kind in (STANDARD, SIP) and (self._linked == "all" or identity == self._first)
        if not heard or identity in self._here or len(self._here) >= MOST:
            return False
        self._here.append(identity)
        return True

    def left(self, identity: str) -> bool:
        """Returns whether it was somebody who is heard."""
        if identity not in self._here:
            return False
        self._here.remove(identity)
        return True
