"""What a job's metadata asks for, whoever wrote it."""

import pytest

from tests.test_arrival import team
from worker.job import Wanted, led_by, of_room, read

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


def test_given_a_telephone_then_every_offer_of_its_room_is_of_one_call() -> None:
    rings = '{"team": "shop", "agent": "orders", "by": "telephone"}'
    assert read(rings, "RM_7b") == Wanted("call-RM_7b", "shop", "orders", rings=True), "LiveKit's own offer"
    again = of_room(rings, "RM_7b")
    assert read(again, "RM_7b") == read(again) == Wanted("call-RM_7b", "shop", "orders")
    assert read(rings, "RM_8c").call == "call-RM_8c", "who calls again has a new room"


def test_given_a_room_without_an_id_or_a_dispatch_of_others_then_a_telephone_has_a_new_call_each_time() -> None:
    for metadata, room in (('{"by": "telephone"}', ""), ('{"team": "shop"}', "RM_7b"), ('{"by": "post"}', "RM_7b")):
        assert read(metadata, room).call != read(metadata, room).call


def test_given_a_room_then_it_is_known_whether_it_is_ours() -> None:
    assert of_room('{"call": "call-1", "team": "shop"}', "RM_7b") == '{"call": "call-1", "team": "shop"}'
    for metadata in ("", "no json", "[]", BOMB, '{"team": "shop"}', '{"call": "a b"}', '{"call": 7}'):
        assert of_room(metadata, "RM_7b") == ""


def test_given_an_agent_who_is_not_there_then_the_team_answers_as_ever() -> None:
    spec = team()
    assert led_by(spec, Wanted("c", agent="nobody")) is spec
    assert led_by(spec, Wanted("c")) is spec
