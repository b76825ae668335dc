"""Where spans go."""

import asyncio
import os
import subprocess
import sys

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from worker.journal import events as journal
from worker.settings import SettingsError
from worker.telemetry.exporter import tracing
from worker.telemetry.measuring import Measuring

EVENTS = (
    journal.CallStarted(call="c", room="r", team="t", agent="desk", model="local", caller="jo"),
    journal.AgentSaid(agent="desk", text="Hi.", at=900, heard_ms=400, started_ms=500),
    journal.CallEnded(at=1000, reason="the caller left"),
)


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {name: at for name, at in os.environ.items() if not name.startswith("OTEL_")})


def a_call(variables: dict[str, str]) -> None:
    with tracing(variables) as tracer, Measuring("c", (), tracer) as measuring:
        for event in EVENTS:
            measuring.take(event)


async def test_given_an_endpoint_then_it_gets_the_spans_of_a_call() -> None:
    came = list[tuple[str, str, bytes]]()

    async def take(request: web.Request) -> web.Response:
        came.append((request.path, request.headers.get("x-key", ""), await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    named = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{host}:{port}", "OTEL_EXPORTER_OTLP_HEADERS": "x-key=k"}
    await asyncio.to_thread(a_call, named)
    await runner.cleanup()
    ((path, key, body),) = came
    assert (path, key) == ("/v1/traces", "k")
    (told,) = ExportTraceServiceRequest.FromString(body).resource_spans
    names = {each.key: each.value.string_value for each in told.resource.attributes}
    assert names["service.name"] == "baton"
    turn, call = (span for scope in told.scope_spans for span in scope.spans)
    assert (turn.name, call.name) == ("turn", "call")
    assert turn.parent_span_id == call.span_id
    assert call.end_time_unix_nano - call.start_time_unix_nano == 1_000_000_000


def test_given_a_protocol_that_is_not_spoken_then_the_variable_is_named() -> None:
    named = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    with pytest.raises(SettingsError, match="OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc'"), tracing(named):
        pass


def test_given_no_endpoint_then_there_is_no_tracer_and_nothing_is_loaded_for_one() -> None:
    asked = (
        "import sys, worker.telemetry.exporter as exporter, worker.telemetry.metrics, worker.telemetry.spans\n"
        "with exporter.tracing({}) as tracer: print(tracer, 'opentelemetry.sdk' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", asked], text=True, capture_output=True, check=True)
    assert ran.stdout.split() == ["None", "False"]
