"""The embedded realtime server: OpenAI's Realtime protocol on loopback, for any client of it."""

import asyncio
import logging

from aiohttp import WSMsgType, web

from worker.local_model.brain import EmbeddingBrain, make_brain
from worker.local_model.ears import Ears
from worker.local_model.embeddings import Embeddings
from worker.local_model.eyes import Eyes
from worker.local_model.senses import Senses
from worker.local_model.session import Session
from worker.local_model.voice import Voice
from worker.parts import PortError, ready, until_told
from worker.settings import Settings

logger = logging.getLogger(__name__)

MODEL = "baton-local"
_FRAME_LIMIT = 32 * 1024 * 1024  # a picture of 20 MB in base64
_UNSENT_LIMIT = 64 * 1024 * 1024  # bytes; a client that reads nothing is let go

_SENSES = web.AppKey("senses", Senses)


def load_senses(settings: Settings) -> Senses:
    """Loads the models, about two seconds."""
    return Senses(Ears(), Voice(), Eyes(), make_brain(settings.local_llm_url))


def app(senses: Senses) -> web.Application:
    application = web.Application()
    application[_SENSES] = senses
    application.router.add_get("/healthz", _healthz)
    application.router.add_get("/v1/models", _models)
    brain = senses.brain
    embeddings = Embeddings(brain.embedder if isinstance(brain, EmbeddingBrain) else None)
    application.router.add_post("/v1/embeddings", embeddings.answer)
    application.router.add_get("/v1/realtime", _realtime)
    application.router.add_get("/realtime", _realtime)
    return application


async def run(settings: Settings) -> None:
    """Serves on 127.0.0.1 until cancelled. Raises PortError."""
    senses = await asyncio.to_thread(load_senses, settings)
    runner = web.AppRunner(app(senses), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, "127.0.0.1", settings.local_model_port).start()
        except OSError as error:
            raise PortError(settings.local_model_port, error, "BATON_LOCAL_MODEL_PORT") from error
        ready(f"the embedded model, on port {settings.local_model_port}")
        await until_told()
    finally:
        await runner.cleanup()
        for part in (senses.ears, senses.voice, senses.eyes):
            part.close()
        await senses.brain.close()


async def _healthz(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok", "model": MODEL})


async def _models(_: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "baton"}]})


async def _realtime(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(max_msg_size=_FRAME_LIMIT, heartbeat=30, compress=False)
    await socket.prepare(request)
    unsent = asyncio.Queue[str]()
    waiting = 0

    def write(frame: str) -> None:
        nonlocal waiting
        waiting += len(frame)
        unsent.put_nowait(frame)

    async def send() -> None:
        nonlocal waiting
        while True:
            frame = await unsent.get()
            waiting -= len(frame)
            await socket.send_str(frame)

    session = Session(request.query.get("model", MODEL), request.app[_SENSES], write)
    sender = asyncio.create_task(send())
    try:
        async for message in socket:
            if waiting > _UNSENT_LIMIT:
                logger.warning("a client reads nothing; its session ends")
                break
            if message.type is WSMsgType.TEXT:
                session.take(message.data)
                await asyncio.sleep(0)  # a client that sends half a minute at once does not hold up the others
    finally:
        sender.cancel()
        await session.close()
    return socket
