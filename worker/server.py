"""The worker: registers with LiveKit under the name `baton`, and holds a call in every job it is given."""

import asyncio
import logging
import math
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

os.environ.setdefault("LIVEKIT_AGENTS_PRELOAD_LOCAL_INFERENCE", "0")  # 244 MB of a model that nobody here uses
os.environ.setdefault("LIVEKIT_AGENTS_LOOP_BLOCK_WARN_MS", "0")  # else two threads of each call wake 50 times a second
from livekit import api, rtc
from livekit.agents import AgentServer, AutoSubscribe, JobContext, JobExecutorType, llm

from agents.loader import load_team
from agents.spec import TeamSpec
from tools.context import CallContext, Caller
from tools.database import Database
from worker import footprint, prepare
from worker import job as jobs
from worker.announcements import SAMPLE_RATE, Announcements, of_team
from worker.arrival import Arrival, arrival, caller_of, known_as, returning
from worker.background import background
from worker.call import Call
from worker.departure import Departed, Departure
from worker.gate.guard import Panel
from worker.gate.guards import build
from worker.journal import events as journal
from worker.journal.files import Folder
from worker.journal.journal import Journal, Recorder
from worker.journal.lease import Lease
from worker.line.cost import Prices, read_prices
from worker.line.endpoint import Endpoints, choose_endpoints
from worker.line.profile import fitting
from worker.mcp.servers import McpServers
from worker.parts import CHILD, ready, until_told
from worker.places import Places, identity
from worker.redaction.kept import Redaction
from worker.redaction.policy import Policy
from worker.resume import Orphan, orphan
from worker.room import telephone
from worker.room.camera import Cameras
from worker.room.chat import Chat
from worker.room.digits import Digits
from worker.room.doors import REPLIES, Doors
from worker.room.events import Came, Gone, Left, Replying, RoomEvent
from worker.room.linked import SIP, STANDARD, LinkedPeople
from worker.room.mute import MuteButton
from worker.room.outbox import Outbox
from worker.room.rpc import Rpc
from worker.room.sounds import Sound, of_spec
from worker.room.speaker import Speaker
from worker.room.uploads import Uploads
from worker.settings import AGENT_NAME, STATE_FOLDER, Settings, SettingsError, variables
from worker.showing import shown_files
from worker.team.text_models import TextModel, choose_text_models
from worker.team.tool_runs import Tell

logger = logging.getLogger(__name__)

AGENT = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
_ANNOUNCEMENTS = Announcements(STATE_FOLDER / "announcements")
_SUBSCRIBED_S = 3.0  # a caller who does not listen by then is greeted all the same
_RETURNS_S = 10.0  # a caller whose call goes on in another worker is in the room, or has left
_STOPPED = "the worker stopped"


async def run(settings: Settings) -> None:
    """Takes calls until told to stop. Raises SettingsError, SpecError or StoreError when it cannot begin."""
    if not settings.livekit_url or not settings.livekit_api_key:
        raise SettingsError(
            "LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET are needed. `baton up` sets them itself."
        )
    footprint.share_arenas()
    team = load_team(settings.team)
    endpoints = choose_endpoints(settings, team)
    endpoints.load()
    await asyncio.to_thread(endpoints.sign_in)
    text_models = choose_text_models(settings, team)
    prices = read_prices(settings.prices)
    sound = of_spec(team.background, settings.team.parent, SAMPLE_RATE)
    logger.info("team %s, model %s (%s)", team.team, endpoints.told(team.start), endpoints.why)
    for name, model in text_models.items():
        model.load()
        logger.info("sub-agent %s thinks with %s of %s", name, model.name, model.provider)
    if team.prepare:
        await prepare.aside(settings)
    with Recorder(settings.database_url) as recorder, McpServers(team.mcp, variables()) as mcp:
        departure = Departure()
        server = _server(settings, team, endpoints, text_models, prices, recorder, mcp, sound, departure)
        footprint.keep_imports()
        async with background() as start:

            def registered(*_: object) -> None:
                ready(f"team {team.team}, model {endpoints.told(team.start)}")
                start(_ANNOUNCEMENTS.prepare(of_team(team)))  # calls may come meanwhile: they seldom need any

            server.once("worker_registered", registered)
            running = asyncio.ensure_future(server.run())
            told = asyncio.ensure_future(until_told())
            try:
                await asyncio.wait([running, told], return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
                    raise SettingsError(f"LiveKit at {settings.livekit_url} is out of reach, or refuses our keys.")
            finally:
                told.cancel()
                departure.tell()
                await server.aclose()
                running.cancel()


def _server(
    settings: Settings,
    team: TeamSpec,
    endpoints: Endpoints,
    text_models: Mapping[str, TextModel],
    prices: Prices,
    recorder: Recorder,
    mcp: McpServers,
    sound: Sound | None,
    departure: Departure,
) -> AgentServer:
    places = Places(settings.max_calls, team.team)
    guards = build(team, settings) if any(team.guards_of(name) for name in team.agents) else None
    policy = Policy(team.redact)
    server = AgentServer(
        job_executor_type=JobExecutorType.THREAD,  # a call costs 5 MB in a thread, 45 MB in a process
        num_idle_processes=1,
        load_fnc=places.load,
        load_threshold=math.inf,  # `places` refuses by itself; below, the framework takes one of two that come at once
        ws_url=settings.livekit_url,
        api_key=settings.livekit_api_key,
        api_secret=settings.livekit_api_secret.get_secret_value(),
        host="127.0.0.1",
        port=settings.worker_http_port,
        prometheus_port=settings.worker_metrics_port,
        http_proxy=None,
    )

    async def hold(job: JobContext) -> None:
        job.add_shutdown_callback(lambda: _release(places, job.job.id))
        try:
            await _hold(
                job, settings, team, policy, endpoints, text_models, prices, recorder, mcp, sound, guards, departure
            )
        except Departed:
            logger.info("job %s: nobody had come yet", job.job.id)
        finally:
            places.free(job.job.id)
            job.shutdown("the call is over")

    server.rtc_session(hold, agent_name=AGENT_NAME, on_request=places.answer)
    return server


async def _is_held(job: JobContext) -> bool:
    """A job that seemed lost was offered again, and then both came: the call is whose agent joined first."""
    if not any(other.kind == AGENT for other in job.room.remote_participants.values()):
        return False
    inside = await job.api.room.list_participants(api.ListParticipantsRequest(room=job.room.name))
    kind = api.ParticipantInfo.Kind.AGENT
    agents = [(other.joined_at_ms, other.identity) for other in inside.participants if other.kind == kind]
    return min(agents)[1] != job.room.local_participant.identity


async def _release(places: Places, job: str) -> None:
    places.free(job)


async def _hold(
    job: JobContext,
    settings: Settings,
    team: TeamSpec,
    policy: Policy,
    endpoints: Endpoints,
    text_models: Mapping[str, TextModel],
    prices: Prices,
    recorder: Recorder,
    mcp: McpServers,
    sound: Sound | None,
    guards: Panel | None,
    departure: Departure,
) -> None:
    """One job: takes a call that begins, or that another worker has left, unless another has it."""
    wanted = jobs.read(job.job.metadata)
    call_id, team = wanted.call, jobs.led_by(team, wanted)
    lease = await recorder.take(call_id, job.job.room.name, identity(job.job.id))
    if lease is None:
        logger.info("call %s: another job has it", call_id)
        return
    over = False
    try:
        async with background(lease.until_lost()):
            screens = guards is not None and any(guards.watches("input", name) for name in team.speakers)
            events = await recorder.events(call_id) if lease.held else []
            names = shown_files(events, team.showing.remembered)
            files = await asyncio.to_thread(Folder(settings.files).shown, call_id, names) if names else {}
            before = orphan(events, team, lease.taken, screens=screens, files=files)
            if before and before.past.ended:
                logger.info("call %s is over", call_id)
            else:
                await _hold_taken(
                    job,
                    lease,
                    before,
                    settings,
                    team,
                    policy,
                    endpoints,
                    text_models,
                    prices,
                    recorder,
                    mcp,
                    sound,
                    guards,
                    departure,
                )
        over = True
    except Departed:
        raise
    except Exception:
        over = True
        raise
    finally:
        if over or CHILD in os.environ:
            recorder.release(lease)
        else:
            recorder.give_up(lease)


async def _hold_taken(
    job: JobContext,
    lease: Lease,
    before: Orphan | None,
    settings: Settings,
    team: TeamSpec,
    policy: Policy,
    endpoints: Endpoints,
    text_models: Mapping[str, TextModel],
    prices: Prices,
    recorder: Recorder,
    mcp: McpServers,
    sound: Sound | None,
    guards: Panel | None,
    departure: Departure,
) -> None:
    """Joins the room, waits for somebody to speak to, and holds their call.

    Of a call that goes on it is known with whom: its model is dialled while the room is joined.
    """
    loop = asyncio.get_running_loop()
    began = loop.time() - lease.taken.age_s
    room, call_id = job.room, lease.call
    redaction = Redaction(policy)
    redaction.go_on(before.past.events if before else ())
    outbox = Outbox(room, redaction.text if team.redact.captions else None)
    database = Database(settings.database_url)
    profile = endpoints[team.start][0].profile
    speaker = Speaker(profile.sample_rate, lambda: lease.may_speak)
    notes = Journal(
        call_id,
        recorder,
        elapsed_ms=lambda: round((loop.time() - began) * 1000),
        publish=outbox.event,
        redaction=redaction,
        whisper=lambda event: outbox.event_to(_speaker(room, event, who.identity), event),
        reveal=lambda event: outbox.event_past(_speaker(room, event, who.identity), event),
        lease=lease,
        count=len(before.past.events) if before else 0,
    )

    who = Caller(before.past.started.caller if before else "")
    arrived = returning(team, who.identity) if before else Arrival()

    def context(agent: str, call: llm.FunctionToolCall, facts: dict[str, Any], tell: Tell) -> CallContext:
        return CallContext(
            call=call_id,
            agent=agent,
            decision=call.call_id,
            database=database,
            facts=facts,
            caller=who,
            tell=tell,
        )

    def begin() -> Call:
        return Call(
            team=team,
            endpoints=endpoints,
            text_models=text_models,
            caller=who.identity,
            sink=speaker,
            outbox=outbox,
            journal=notes,
            today=f"{datetime.now():%A} {datetime.now().day} {datetime.now():%B %Y}",
            make_context=context,
            speak=_ANNOUNCEMENTS.speak,
            mcp=mcp,
            prices=prices,
            spent_today=recorder.spent_today,
            files=Folder(settings.files),
            sound=sound,
            guards=guards,
            camera=cameras,
            orphan=before,
            arrival=arrived,
        )

    cameras = Cameras(room, tell=lambda event: call.put(event) if call else None)
    call = begin() if before else None
    joined = None
    try:
        joined = await _join(job, call_id, speaker, before, departure)
    finally:
        if call and not joined:
            await call.close()
    if not joined:
        if before:
            notes.record(journal.CallEnded(reason="the caller left"), epoch=0)
        return
    caller, publication = joined
    outbox.caption_track(publication.sid)
    who = caller_of(caller)
    redaction.knows_caller(who.phone)
    arrived = arrival(team, who)
    call = call or begin()
    if not before:
        notes.record(
            journal.CallStarted(
                call=call_id,
                room=room.name,
                team=team.team,
                agent=team.start,
                model=profile.provider,
                caller=caller.identity,
                linked=team.linked,
                agents={name: tuple(handoff.to for handoff in agent.handoffs) for name, agent in team.speakers.items()},
            ),
            epoch=0,
        )
        for fact in arrived.unfit:
            detail = f"What the telephone told for the fact {fact} is not what it has to look like."
            notes.record(journal.CallWarned(code="telephone.fact", detail=detail), epoch=0)
    people = LinkedPeople(team.linked, caller.identity)
    for person in before.past.names.here if before else ():
        if person not in room.remote_participants:
            call.put(Gone(person))

    def tell(event: RoomEvent) -> None:
        if isinstance(event, Came) and (came := room.remote_participants.get(event.participant)):
            redaction.knows_caller(caller_of(came).phone)
        call.put(event)

    doors = Doors(
        room,
        people,
        profile.sample_rate,
        tell=tell,
        hear=call.hear_person,
        ended=call.track_ended,
        digits=lambda identity: Digits(team.digits, identity, tell=call.put, now_ms=lambda: notes.now_ms),
    )
    size = fitting(endpoint.profile for endpoint in endpoints.each)
    uploads, chat = Uploads(room, people, size, tell=call.put), Chat(room, people, tell=call.put)
    if not before and who.attributes.get(REPLIES) == "text" and not who.telephone:
        call.put(Replying(who.identity, "text"))
    rpc, button = Rpc(room, people, tell=call.put), MuteButton(room, people, tell=call.put)
    inward = doors.run(), chat.run(), uploads.run(), cameras.run(people), rpc.run(), button.run()
    reason = _STOPPED
    try:
        async with background(outbox.run(), *inward, _leave_when_lost(lease, speaker, call)):
            try:
                async with asyncio.timeout(_SUBSCRIBED_S):
                    await publication.wait_for_subscription()
                    await telephone.answered(room, caller)
            except TimeoutError:
                logger.info("call %s: nobody hears the agent yet", call_id)
            reason = await call.run()
    except* Exception as group:
        reason = f"a fault of ours: {type(group.exceptions[0]).__name__}"
        raise
    finally:
        goes_on = lease.lost or (lease.held and reason == _STOPPED and CHILD not in os.environ)
        if not goes_on:
            notes.record(journal.CallEnded(reason=reason), epoch=0)
        notes.close()
        await outbox.flush()
        if not goes_on:
            for person in (caller.identity, *people):
                await telephone.hang_up(job.api, room, person)
        await speaker.aclose()


def _still_there(room: rtc.Room, before: Orphan) -> str:
    """Of a call of several, one of those who are in the room; with whoever is there it goes on."""
    known = [before.past.started.caller, *before.past.names.here]
    return next((identity for identity in known if identity in room.remote_participants), "")


def _speaker(room: rtc.Room, event: journal.JournalEvent, caller: str) -> str:
    """Whose words an event has; the caller's, if it does not tell."""
    identity = getattr(event, "participant", caller)
    return identity if identity in room.remote_participants else caller


async def _leave_when_lost(lease: Lease, speaker: Speaker, call: Call) -> None:
    """A worker that hung for a while may find that another has its call: it says nothing more."""
    await lease.until_lost()
    speaker.clear()
    logger.warning("call %s is held by another worker", lease.call)
    call.put(Left("another worker has the call"))


async def _join(
    job: JobContext, call_id: str, speaker: Speaker, before: Orphan | None, departure: Departure
) -> tuple[rtc.RemoteParticipant, rtc.LocalTrackPublication] | None:
    """Whom the call is held with, and our voice in the room. None: nobody is there, or another job has them.

    Raises Departed.
    """
    await job.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
    if not before and await _is_held(job):
        await speaker.aclose()
        await job.room.disconnect()
        logger.info("call %s: another job has it", call_id)
        return None
    publication = await speaker.publish(job.room)
    try:
        async with asyncio.timeout(_RETURNS_S if before else None):
            identity = known_as(before.past.started.caller) if before else None
            if before and before.past.names.several:
                identity = _still_there(job.room, before) or None
            coming = job.wait_for_participant(identity=identity, kind=[STANDARD, SIP])
            return await departure.or_else(coming), publication
    except (RuntimeError, TimeoutError):
        logger.info("call %s: nobody came", call_id)
        return None
