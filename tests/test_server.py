from types import SimpleNamespace
from typing import Any

import pytest

from tools.context import Caller
from worker.room.doors import SIP, STANDARD
from worker.server import caller_of


@pytest.mark.parametrize(
    ("participant", "caller"),
    [
        ({"kind": STANDARD, "identity": "browser-1", "name": "Anna"}, Caller("browser-1", "Anna")),
        (
            {
                "kind": SIP,
                "identity": "sip_+4930123456",
                "name": "Phone +4930123456",
                "attributes": {"sip.phoneNumber": "+4930123456"},
            },
            Caller("sip_+4930123456", "", "+4930123456"),
        ),
    ],
)
def test_given_a_participant_then_tools_know_who_calls(participant: dict[str, Any], caller: Caller) -> None:
    seen: Any = SimpleNamespace(**{"attributes": {}, **participant})
    assert caller_of(seen) == caller
