"""Where spans go: to an OpenTelemetry collector over OTLP/HTTP, if OpenTelemetry's own variables name one."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.trace import Tracer

from worker.settings import SettingsError

_FLUSH_S = 3.0  # `baton up` waits ten for all that a worker has to do at its end
_ENDPOINTS = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
_PROTOCOLS = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"
_SPOKEN = "http/protobuf"


@contextmanager
def tracing(variables: Mapping[str, str]) -> Iterator[Tracer | None]:
    """A tracer of our own: LiveKit's library has another. None: no endpoint is named, and nothing is loaded.

    Leaving it sends what waits, if that is done soon. Raises SettingsError for a protocol that we do not speak.
    """
    if not any(variables.get(name) for name in _ENDPOINTS):
        yield None
        return
    protocol = next((name for name in _PROTOCOLS if variables.get(name)), "")
    if protocol and variables[protocol] != _SPOKEN:
        raise SettingsError(f"{protocol}: {variables[protocol]!r} is not spoken here. Set it to {_SPOKEN}.")
    for name, value in variables.items():
        if name.startswith("OTEL_"):
            os.environ.setdefault(name, value)  # OpenTelemetry reads no .env

    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create()
    if str(resource.attributes["service.name"]).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "baton"}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield provider.get_tracer("baton")
    finally:
        flushing = threading.Thread(target=provider.shutdown, name="spans", daemon=True)  # a collector may be away
        flushing.start()
        flushing.join(_FLUSH_S)
