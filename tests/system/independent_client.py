"""A caller on aiortc, with LiveKit's signalling spoken from its public protobufs: nothing of LiveKit's own clients.

Source: livekit_rtc.proto. Two peer connections, as the protocol's version 9 has them: we offer on the publisher's,
the server offers on the subscriber's.
"""

import asyncio
import fractions
import json
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import aiohttp
import aioice.ice
import numpy as np
import soxr
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import candidate_from_sdp
from av import AudioFrame, AudioResampler
from livekit.protocol import models, rtc
from numpy.typing import NDArray

from worker.background import background

Pcm = NDArray[np.int16]
RATE = 24000
_WIRE_RATE = 48000  # Opus
_FRAME_MS = 20
_PING_S = 5.0
_QUIET = 300  # of 32768

# aioice leaves loopback out of its candidates; the server under test is nowhere else
aioice.ice.get_host_addresses = lambda *_, **__: ["127.0.0.1"]


class Microphone(MediaStreamTrack):
    """20 ms of 48 kHz at a time, at the pace of time; silence where nothing is said."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._speech = np.zeros(0, np.int16)
        self._position = 0
        self._began: float | None = None
        self.spoken = asyncio.Event()

    def say(self, pcm: Pcm) -> None:
        """PCM16 mono at 24 kHz."""
        self._speech = np.asarray(soxr.resample(pcm, RATE, _WIRE_RATE), np.int16)
        self.spoken.clear()

    async def recv(self) -> AudioFrame:
        size = _WIRE_RATE * _FRAME_MS // 1000
        loop = asyncio.get_running_loop()
        self._began = self._began if self._began is not None else loop.time()
        await asyncio.sleep(max(0.0, self._began + self._position / _WIRE_RATE - loop.time()))
        now, self._speech = self._speech[:size], self._speech[size:]
        if len(self._speech) == 0:
            self.spoken.set()
        frame = AudioFrame(format="s16", layout="mono", samples=size)
        frame.planes[0].update(np.pad(now, (0, size - len(now))).tobytes())
        frame.pts, frame.sample_rate, frame.time_base = self._position, _WIRE_RATE, fractions.Fraction(1, _WIRE_RATE)
        self._position += size
        return frame


class IndependentClient:
    """`async with` joins a room; `say` speaks into it, `answer` is what is heard of the agent."""

    def __init__(self, url: str, token: str) -> None:
        self._url = f"{url}/rtc?access_token={token}&protocol=9&auto_subscribe=1&sdk=python&version=0"
        self._publisher = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._subscriber = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._microphone = Microphone()
        self._heard: list[Pcm] = []
        self._loud_at = 0.0
        self._tracks = asyncio.Queue[MediaStreamTrack]()
        self._early: dict[int, list[rtc.TrickleRequest]] = {}
        self._stack = AsyncExitStack()
        self._socket: aiohttp.ClientWebSocketResponse

    async def __aenter__(self) -> Self:
        http = await self._stack.enter_async_context(aiohttp.ClientSession())
        self._socket = await self._stack.enter_async_context(http.ws_connect(self._url))
        self._subscriber.on("track", self._tracks.put_nowait)
        self._stack.push_async_callback(self._publisher.close)
        self._stack.push_async_callback(self._subscriber.close)
        await self._stack.enter_async_context(background(self._signals(), self._pings(), self._listen()))
        self._publisher.addTrack(self._microphone)
        track = rtc.AddTrackRequest(
            cid=self._microphone.id, name="microphone", type=models.AUDIO, source=models.MICROPHONE
        )
        await self._send(rtc.SignalRequest(add_track=track))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        await self._send(rtc.SignalRequest(leave=rtc.LeaveRequest()))
        return await self._stack.__aexit__(kind, error, trace)

    async def say(self, pcm: Pcm) -> None:
        """Speaks PCM16 mono at 24 kHz to its end, and forgets what was heard before."""
        self._microphone.say(pcm)
        await self._microphone.spoken.wait()
        self._heard.clear()
        self._loud_at = 0.0

    async def answer(self, quiet_s: float = 0.5, timeout_s: float = 25.0) -> Pcm:
        """What the agent says next, PCM16 mono at 24 kHz, up to a silence of `quiet_s`. Raises TimeoutError."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout_s):
            while not self._loud_at or loop.time() - self._loud_at < quiet_s:  # noqa: ASYNC110 - silence is no event
                await asyncio.sleep(0.05)
        heard, self._heard, self._loud_at = np.concatenate(self._heard), [], 0.0
        return heard

    async def _listen(self) -> None:
        track = await self._tracks.get()
        resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, AudioFrame)
            for part in resampler.resample(frame):
                pcm = part.to_ndarray()[0].astype(np.int16)
                self._heard.append(pcm)
                if np.abs(pcm).max(initial=0) > _QUIET:
                    self._loud_at = asyncio.get_running_loop().time()

    async def _signals(self) -> None:
        async for message in self._socket:
            response = rtc.SignalResponse.FromString(message.data)
            match response.WhichOneof("message"):
                case "track_published":
                    await self._publisher.setLocalDescription(await self._publisher.createOffer())
                    offer = rtc.SessionDescription(type="offer", sdp=self._publisher.localDescription.sdp)
                    await self._send(rtc.SignalRequest(offer=offer))
                case "answer":
                    await self._describe(self._publisher, rtc.PUBLISHER, response.answer)
                case "offer":
                    await self._describe(self._subscriber, rtc.SUBSCRIBER, response.offer)
                    await self._subscriber.setLocalDescription(await self._subscriber.createAnswer())
                    answer = rtc.SessionDescription(type="answer", sdp=self._subscriber.localDescription.sdp)
                    await self._send(rtc.SignalRequest(answer=answer))
                case "trickle":
                    await self._trickle(response.trickle)
                case "leave":
                    return
                case _:
                    pass

    async def _describe(self, peer: RTCPeerConnection, target: int, told: rtc.SessionDescription) -> None:
        await peer.setRemoteDescription(RTCSessionDescription(told.sdp, told.type))
        for trickle in self._early.pop(target, []):
            await self._trickle(trickle)

    async def _trickle(self, trickle: rtc.TrickleRequest) -> None:
        peer = self._publisher if trickle.target == rtc.PUBLISHER else self._subscriber
        if peer.remoteDescription is None:
            self._early.setdefault(trickle.target, []).append(trickle)
            return
        init = json.loads(trickle.candidateInit)
        if not init["candidate"]:
            return
        candidate = candidate_from_sdp(init["candidate"].removeprefix("candidate:"))
        candidate.sdpMid, candidate.sdpMLineIndex = init.get("sdpMid"), init.get("sdpMLineIndex")
        await peer.addIceCandidate(candidate)

    async def _pings(self) -> None:
        while True:
            await asyncio.sleep(_PING_S)
            await self._send(rtc.SignalRequest(ping_req=rtc.Ping(timestamp=0)))

    async def _send(self, request: rtc.SignalRequest) -> None:
        await self._socket.send_bytes(request.SerializeToString())
