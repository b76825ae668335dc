"""What a worker has for all the calls that it holds: read, loaded and opened once."""

from collections.abc import Mapping
from dataclasses import dataclass

from opentelemetry.trace import Tracer

from agents.spec import TeamSpec
from worker.announcements import Announcements
from worker.departure import Departure
from worker.gate.guard import Panel
from worker.journal.files import Folder
from worker.journal.recorder import Recorder
from worker.line.cost import Prices
from worker.line.endpoint import Endpoints
from worker.mcp.servers import McpServers
from worker.redaction.policy import Policy
from worker.room.sounds import Sound
from worker.settings import Settings
from worker.team.text_models import TextModel
from worker.telemetry.measuring import Measuring, tool_names


@dataclass(frozen=True, slots=True)
class Equipment:
    """`guards` is None for a team that has none, `sound` for one without a sound in the background.

    `tracer` is None where nobody wants spans.
    """

    settings: Settings
    team: TeamSpec
    policy: Policy
    endpoints: Endpoints
    text_models: Mapping[str, TextModel]
    prices: Prices
    announcements: Announcements
    recorder: Recorder
    mcp: McpServers
    sound: Sound | None
    departure: Departure
    guards: Panel | None
    tracer: Tracer | None

    def measuring(self, call: str) -> Measuring:
        """What is measured of a call that this worker holds."""
        return Measuring(call, tool_names(self.team), self.tracer)

    @property
    def files(self) -> Folder:
        """Where the files of all calls are."""
        return Folder(self.settings.files)

    @property
    def screens(self) -> bool:
        """Guards look at what callers say before a model answers it."""
        return self.guards is not None and any(self.guards.watches("input", name) for name in self.team.speakers)
