"""So many a minute of one address, and who an address is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.desk.rate_limit import RateLimit, caller_address, network


def test_given_its_share_when_a_minute_is_over_then_an_address_has_another() -> None:
    limit = RateLimit(3)
    for second in (0, 10, 20):
        assert not limit.reached("192.0.2.1", second)
        limit.count("192.0.2.1", second)
    assert limit.reached("192.0.2.1", 59.9)
    assert not limit.reached("192.0.2.2", 59.9)
    assert not limit.reached("192.0.2.1", 60)
    limit.count("192.0.2.1", 60)
    assert limit.reached("192.0.2.1", 61), "the share is of any minute, not of each"


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 40)), max_size=60))
def test_given_any_visits_then_no_address_gets_more_than_its_share_in_any_minute(
    visits: list[tuple[int, float]],
) -> None:
    limit, now = RateLimit(3), 0.0
    let_in: dict[str, list[float]] = {}
    for number, wait in visits:
        now += wait
        address = f"192.0.2.{number}"
        recent = [at for at in let_in.get(address, []) if now - at < 60]
        assert limit.reached(address, now) == (len(recent) == 3)
        if not limit.reached(address, now):
            limit.count(address, now)
            let_in.setdefault(address, []).append(now)


def test_given_many_addresses_when_a_minute_is_over_then_they_are_forgotten() -> None:
    limit = RateLimit(3)
    for number in range(1000):
        limit.count(f"10.0.{number // 256}.{number % 256}", 0)
    limit.reached("192.0.2.1", 61)
    assert not limit._times


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("unknown", "unknown", True),
    ],
)
def test_given_two_addresses_then_those_of_one_line_count_as_one(one: str, other: str, same: bool) -> None:
    assert (network(one) == network(other)) is same


@pytest.mark.parametrize(
    ("forwarded", "proxies", "who"),
    [
        ("", 0, "127.0.0.1"),
        ("203.0.113.9", 0, "127.0.0.1"),
        ("203.0.113.9", 1, "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9", 1, "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9, 10.0.0.1", 2, "203.0.113.9"),
        ("203.0.113.9", 2, "127.0.0.1"),
        (" , ", 1, "127.0.0.1"),
    ],
)
def test_given_proxies_of_our_own_then_what_stands_before_their_words_is_not_believed(
    forwarded: str, proxies: int, who: str
) -> None:
    assert caller_address("127.0.0.1", forwarded, proxies) == who
