"""The second team in a real room: the digital assistant, spoken to, judged by its database."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from tests.speech import RATE, say
from tests.system.conftest import ROOT, House, environment, start
from tests.system.test_call import ask
from worker.local_model.ears import Ears

pytestmark = [pytest.mark.system, pytest.mark.soak, pytest.mark.needs("flite", "espeak-ng")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("home")
    running = start(folder, environment(folder, BATON_TEAM=str(ROOT / "agents/assistant/team.yaml")))
    yield running
    running.process.terminate()
    assert running.process.wait(30) == 0
    for log in sorted((folder / ".baton" / "logs").glob("*.log")):
        assert "Traceback" not in log.read_text(), f"{log.name}:\n{log.read_text()[-4000:]}"


async def test_given_a_household_when_somebody_speaks_then_it_is_done(home: House, ears: Ears) -> None:
    async with await home.caller() as caller:
        await caller.answered(0)
        assert "assistant" in ears.recognise_now(caller.heard().tobytes(), RATE).lower()
        asked = await ask(caller, ears, say("Put lunch with Peter in my calendar in four days at half past one."))
        assert caller.holder == "calendar"
        assert "right" in asked
        assert "done" in await ask(caller, ears, say("Yes, please.", "rms"))
        assert "brass" in await ask(caller, ears, say("How do I bleed the radiators?"))
        assert caller.holder == "librarian"
        assert "done" in await ask(caller, ears, say("Take a note that the garden gate is open.", "rms"))

    [(title, starts)] = home.read("SELECT title, starts FROM appointments WHERE changed_by IS NOT NULL")
    assert "lunch" in str(title).lower()
    assert str(starts).startswith(f"{date.today() + timedelta(4)} 13:30")
    [(note,)] = home.read("SELECT text FROM notes WHERE taken_by IS NOT NULL")
    assert "gate" in str(note).lower()
    tables = home.read("SELECT name FROM sqlite_master WHERE type = 'table'")
    assert ("orders",) not in tables, "a household has no shop"
