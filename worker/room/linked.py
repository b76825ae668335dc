"""Who of those in the room is a caller: of agents, recorders and the like, nobody is."""

import asyncio
from collections.abc import Iterator

from livekit import rtc

from agents.people import Linked

STANDARD = rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD
SIP = rtc.ParticipantKind.PARTICIPANT_KIND_SIP
KNOWN_S = 3.0
MOST = 16  # people who are heard in one call; each has a microphone that is listened to


class LinkedPeople:
    """The identities of those who are heard, in the order in which they came. `first` is with whom the call began."""

    def __init__(self, linked: Linked, first: str) -> None:
        self._linked, self._first = linked, first
        self._here = list[str]()
        self._strangers = set[str]()  # who are in the room, and not heard
        self._news = asyncio.Event()

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

    def is_stranger(self, identity: str) -> bool:
        """Whether somebody is known to be nobody who is heard."""
        return identity in self._strangers

    async def knows(self, identity: str) -> bool:
        """Whether somebody is heard: words may be faster than the news of who has come, which is waited for a moment."""
        try:
            async with asyncio.timeout(KNOWN_S):
                while identity not in self._here and identity not in self._strangers:
                    await self._news.wait()
        except TimeoutError:
            return False
        return identity in self._here

    def came(self, identity: str, kind: rtc.ParticipantKind.ValueType) -> bool:
        """Somebody is in the room. Returns whether they are heard, and were not before."""
        self._news.set()
        self._news = asyncio.Event()
        heard = kind in (STANDARD, SIP) and (self._linked == "all" or identity == self._first)
        if not heard or identity in self._here or len(self._here) >= MOST:
            if identity not in self._here:
                self._strangers.add(identity)
            return False
        self._here.append(identity)
        return True

    def left(self, identity: str) -> bool:
        """Returns whether it was somebody who is heard."""
        self._strangers.discard(identity)
        if identity not in self._here:
            return False
        self._here.remove(identity)
        return True
