"""The worker: registers with LiveKit under the name `baton`, and holds a call in every job it is given."""

import asyncio
import logging
import math
import os

os.environ.setdefault("LIVEKIT_AGENTS_PRELOAD_LOCAL_INFERENCE", "0")  # 244 MB of a model that nobody here uses
os.environ.setdefault("LIVEKIT_AGENTS_LOOP_BLOCK_WARN_MS", "0")  # else two threads of each call wake 50 times a second
from livekit.agents import AgentServer, JobContext, JobExecutorType

from agents.loader import load_team
from worker import footprint, prepare
from worker.announcements import SAMPLE_RATE, Announcements, of_team
from worker.background import background
from worker.departure import Departed, Departure
from worker.equipment import Equipment
from worker.gate.guards import build
from worker.holding import hold
from worker.journal.recorder import Recorder
from worker.line.cost import read_prices
from worker.line.endpoint import choose_endpoints
from worker.livekit_server import LiveKitError
from worker.mcp.servers import McpServers
from worker.parts import need_port, ready, until_told
from worker.places import Places
from worker.redaction.policy import Policy
from worker.room.sounds import of_spec
from worker.settings import AGENT_NAME, STATE_FOLDER, Settings, variables
from worker.team.text_models import choose_text_models
from worker.telemetry.exporter import tracing

logger = logging.getLogger(__name__)


async def run(settings: Settings) -> None:
    """Takes calls until told to stop.

    Raises SettingsError, SpecError, StoreError, PortError or LiveKitError when it cannot begin.
    """
    settings.need_livekit()
    for setting, port in settings.worker_ports.items():
        need_port(port, setting)
    footprint.give_back()
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
    with (
        tracing(variables()) as tracer,
        Recorder(settings.database_url) as recorder,
        McpServers(team.mcp, variables()) as mcp,
    ):
        departure = Departure()
        equipment = Equipment(
            settings=settings,
            team=team,
            policy=Policy(team.redact),
            endpoints=endpoints,
            text_models=text_models,
            prices=prices,
            announcements=Announcements(STATE_FOLDER / "announcements"),
            recorder=recorder,
            mcp=mcp,
            sound=sound,
            departure=departure,
            guards=build(team, settings) if any(team.guards_of(name) for name in team.agents) else None,
            tracer=tracer,
        )
        server = _server(equipment)
        footprint.keep_imports()
        async with background() as start:

            def registered(*_: object) -> None:
                ready(f"team {team.team}, model {endpoints.told(team.start)}")
                start(equipment.announcements.prepare(of_team(team)))  # calls may come meanwhile: they seldom need any

            server.once("worker_registered", registered)
            running = asyncio.ensure_future(server.run())
            told = asyncio.ensure_future(until_told())
            try:
                await asyncio.wait([running, told], return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    out_of_reach = LiveKitError(
                        f"LiveKit at {settings.livekit_url} is out of reach, or refuses our keys."
                    )
                    try:
                        running.result()
                    except RuntimeError as error:  # so the framework ends when it has tried for two minutes
                        raise out_of_reach from error
                    raise out_of_reach
            finally:
                told.cancel()
                departure.tell()
                await server.aclose()
                running.cancel()


def _server(equipment: Equipment) -> AgentServer:
    settings = equipment.settings
    places = Places(settings.max_calls, equipment.team.team, equipment.recorder.waited_for)
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

    async def release(job: str) -> None:
        places.free(job)

    async def take(job: JobContext) -> None:
        job.add_shutdown_callback(lambda: release(job.job.id))
        try:
            await hold(job, equipment)
        except Departed:
            logger.info("job %s: nobody had come yet", job.job.id)
        finally:
            places.free(job.job.id)
            job.shutdown("the call is over")

    server.rtc_session(take, agent_name=AGENT_NAME, on_request=places.answer)
    return server
