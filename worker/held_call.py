"""A call that this worker holds: its room and its journal, from joining to hanging up."""

import asyncio
import logging
import os
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from livekit import rtc
from livekit.agents import JobContext, llm

from tools.context import CallContext, Caller
from tools.database import Database
from worker.arrival import Arrival, arrival, caller_of, returning
from worker.background import background
from worker.call import Call
from worker.equipment import Equipment
from worker.joining import join
from worker.journal import events as journal
from worker.journal.journal import Journal
from worker.journal.lease import Lease
from worker.line.ahead import dial_ahead
from worker.line.line import DIALS
from worker.line.profile import fitting
from worker.parts import CHILD
from worker.redaction.kept import Redaction
from worker.resume import Orphan
from worker.room import telephone
from worker.room.camera import Cameras
from worker.room.chat import Chat
from worker.room.digits import Digits
from worker.room.doors import REPLIES, Doors
from worker.room.events import Came, Gone, Left, Replying, RoomEvent
from worker.room.linked import LinkedPeople
from worker.room.mute import MuteButton
from worker.room.outbox import Outbox
from worker.room.rpc import Rpc
from worker.room.speaker import Speaker
from worker.room.uploads import Uploads
from worker.team.tool_runs import Tell
from worker.telemetry.measuring import Measuring
from worker.voice_detection import THREAD, load

logger = logging.getLogger(__name__)

_SUBSCRIBED_S = 3.0  # a caller who does not listen by then is greeted all the same
_STOPPED = "the worker stopped"


class HeldCall:
    """Joins the room, waits for somebody to speak to, and holds their call.

    The model is dialled on construction, while the room is joined. Of a call that goes on, `before` is how it was left, and
    it is known with whom. `measuring` is given all that goes into the journal.
    """

    def __init__(
        self, job: JobContext, lease: Lease, before: Orphan | None, equipment: Equipment, measuring: Measuring
    ) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time() - lease.taken.age_s
        team = equipment.team
        self._job, self._room, self._lease = job, job.room, lease
        self._before, self._equipment, self._team = before, equipment, team
        self._redaction = Redaction(equipment.policy)
        self._redaction.go_on(before.past.events if before else ())
        self._outbox = Outbox(job.room, self._redaction.text if team.redact.captions else None)
        self._database = Database(equipment.settings.database_url)
        self._profile = equipment.endpoints[team.start][0].profile
        self._speaker = Speaker(self._profile.sample_rate, lambda: lease.may_speak)
        self._journal = Journal(
            lease.call,
            equipment.recorder,
            elapsed_ms=lambda: round((loop.time() - began) * 1000),
            publish=self._outbox.event,
            redaction=self._redaction,
            whisper=lambda event: self._outbox.event_to(self._who_says(event), event),
            reveal=lambda event: self._outbox.event_past(self._who_says(event), event),
            measure=measuring.take,
            lease=lease,
            count=len(before.past.events) if before else 0,
        )
        self._caller = Caller(before.past.started.caller if before else "")
        self._arrival = returning(team, self._caller.identity) if before else Arrival()
        self._cameras = Cameras(job.room, tell=lambda event: self._call.put(event) if self._call else None)
        THREAD.submit(load)  # a worker's first call needs it soon, and would be greeted later
        first = team.agents[team.start]
        self._ahead = None if before else dial_ahead(equipment.endpoints[team.start], first.voice)
        self._call: Call | None = None
        self._call = self._begin() if before else None

    async def hold(self) -> None:
        """Returns when the call is over, or when it is another worker's."""
        joined = None
        try:
            joined = await join(self._job, self._lease.call, self._speaker, self._before, self._equipment.departure)
        finally:
            if self._call and not joined:
                await self._call.close()
            if self._ahead and not joined:
                await self._ahead.close()
        if not joined:
            if self._before:
                self._journal.record(journal.CallEnded(reason="the caller left"), epoch=0)
            return
        participant, publication = joined
        self._outbox.caption_track(publication.sid)
        self._caller = caller_of(participant)
        self._redaction.knows_caller(self._caller.phone)
        self._arrival = arrival(self._team, self._caller)
        call = self._call = self._call or self._begin()
        if not self._before:
            self._record_start()
        if self._ahead:
            await self._ahead.close()  # of whom the call does not want
        people = LinkedPeople(self._team.linked, participant.identity)
        for person in self._before.past.names.here if self._before else ():
            if person not in self._room.remote_participants:
                call.put(Gone(person))
        inward = self._inward(call, people)
        reason = _STOPPED
        try:
            call.audience(False)
            ways_out = self._leave_when_lost(call), self._leave_with_all(call)
            async with background(
                self._outbox.run(), *inward, *ways_out, self._be_heard(call, participant, publication)
            ):
                reason = await call.run()
        except* Exception as group:
            reason = f"a fault of ours: {type(group.exceptions[0]).__name__}"
            raise
        finally:
            await self._end(reason, people)

    def _begin(self) -> Call:
        equipment = self._equipment
        return Call(
            team=self._team,
            endpoints=equipment.endpoints,
            text_models=equipment.text_models,
            caller=self._caller.identity,
            sink=self._speaker,
            outbox=self._outbox,
            journal=self._journal,
            today=f"{datetime.now():%A} {datetime.now().day} {datetime.now():%B %Y}",
            make_context=self._context,
            speak=equipment.announcements.speak,
            mcp=equipment.mcp,
            prices=equipment.prices,
            spent_today=equipment.recorder.spent_today,
            files=equipment.files,
            sound=equipment.sound,
            guards=equipment.guards,
            camera=self._cameras,
            orphan=self._before,
            arrival=self._arrival,
            dials=self._ahead.among(DIALS) if self._ahead else DIALS,
        )

    def _context(self, agent: str, call: llm.FunctionToolCall, facts: dict[str, Any], tell: Tell) -> CallContext:
        """What a tool may see."""
        return CallContext(
            call=self._lease.call,
            agent=agent,
            decision=call.call_id,
            database=self._database,
            facts=facts,
            caller=self._caller,
            tell=tell,
        )

    def _record_start(self) -> None:
        team = self._team
        self._journal.record(
            journal.CallStarted(
                call=self._lease.call,
                room=self._room.name,
                team=team.team,
                agent=team.start,
                model=self._profile.provider,
                caller=self._caller.identity,
                linked=team.linked,
                agents={name: tuple(handoff.to for handoff in agent.handoffs) for name, agent in team.speakers.items()},
            ),
            epoch=0,
        )
        for fact in self._arrival.unfit:
            detail = f"What the telephone told for the fact {fact} is not what it has to look like."
            self._journal.record(journal.CallWarned(code="telephone.fact", detail=detail), epoch=0)

    def _inward(self, call: Call, people: LinkedPeople) -> list[Coroutine[Any, Any, None]]:
        """What brings in all that people say, write, dial, show and press: each is to run as long as the call."""
        room, who = self._room, self._caller

        def tell(event: RoomEvent) -> None:
            if isinstance(event, Came) and (came := room.remote_participants.get(event.participant)):
                self._redaction.knows_caller(caller_of(came).phone)
            call.put(event)

        doors = Doors(
            room,
            people,
            self._profile.sample_rate,
            tell=tell,
            hear=call.hear_person,
            ended=call.track_ended,
            digits=lambda identity: Digits(
                self._team.digits, identity, tell=call.put, now_ms=lambda: self._journal.now_ms
            ),
        )
        size = fitting(endpoint.profile for endpoint in self._equipment.endpoints.each)
        uploads, chat = Uploads(room, people, size, tell=call.put), Chat(room, people, tell=call.put)
        if not self._before and who.attributes.get(REPLIES) == "text" and not who.telephone:
            call.put(Replying(who.identity, "text"))
        rpc, button = Rpc(room, people, tell=call.put), MuteButton(room, people, tell=call.put)
        return [doors.run(), chat.run(), uploads.run(), self._cameras.run(people), rpc.run(), button.run()]

    async def _be_heard(
        self, call: Call, participant: rtc.RemoteParticipant, publication: rtc.LocalTrackPublication
    ) -> None:
        """The model thinks of what to say meanwhile."""
        try:
            async with asyncio.timeout(_SUBSCRIBED_S):
                await publication.wait_for_subscription()
                await telephone.answered(self._room, participant)
        except TimeoutError:
            logger.info("call %s: nobody hears the agent yet", self._lease.call)
        call.audience(True)

    async def _leave_when_lost(self, call: Call) -> None:
        """A worker that hung for a while may find that another has its call: it says nothing more."""
        await self._lease.until_lost()
        self._speaker.clear()
        logger.warning("call %s is held by another worker", self._lease.call)
        call.put(Left("another worker has the call"))

    async def _leave_with_all(self, call: Call) -> None:
        """With the worker all of `baton up` stops: nobody goes on with the call, and it ends at once."""
        if CHILD in os.environ:
            await self._equipment.departure.told()
            call.put(Left(_STOPPED))

    async def _end(self, reason: str, people: LinkedPeople) -> None:
        """Telephones are hung up, unless another worker goes on with the call."""
        lease = self._lease
        goes_on = lease.lost or (lease.held and reason == _STOPPED and CHILD not in os.environ)
        if not goes_on:
            self._journal.record(journal.CallEnded(reason=reason), epoch=0)
        self._journal.close()
        await self._outbox.flush()
        if not goes_on:
            for person in (self._caller.identity, *people):
                await telephone.hang_up(self._job.api, self._room, person)
        await self._speaker.aclose()

    def _who_says(self, event: journal.JournalEvent) -> str:
        """Whose words an event has; the caller's, if it does not tell."""
        identity: str = getattr(event, "participant", self._caller.identity)
        return identity if identity in self._room.remote_participants else self._caller.identity
