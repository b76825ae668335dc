"""What a job's metadata asks for, whoever wrote it."""

import pytest

from tests.test_arrival import team
from worker.job import Wanted, led_by, read

BOMB = "[" * 100_000


def test_given_metadata_then_call_team_and_agent_are_read() -> None:
    told = '{"call": "call-1", "team": "shop", "agent": "orders"}'
    assert read(told) == Wanted("call-1", "shop", "orders")


@pytest.mark.parametrize(
    "metadata", ["", "no json", "[]", '"text"', '{"call": "a b", "team": 7}', '{"call": null}', BOMB]
)
def test_given_metadata_of_somebody_else_then_the_call_has_a_new_id_and_any_team_may_take_it(metadata: str) -> None:
    wanted = read(metadata)
    assert wanted.call.startswith("call-")
    assert (wanted.team, wanted.agent) == ("", "")
    assert read(metadata).call != wanted.call


def test_given_an_agent_who_is_not_there_then_the_team_answers_as_ever() -> None:
    spec = team()
    assert led_by(spec, Wanted("c", agent="nobody")) is spec
    assert led_by(spec, Wanted("c")) is spec
