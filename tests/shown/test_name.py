"""Names that anybody can choose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.shown.name import LONGEST, clean, stream


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("slip.jpg", "slip.jpg"),
        ("Bestellung Größe.pdf", "Bestellung Größe.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\win.ini", "win.ini"),
        ("..", ""),
        ("a/", ""),
        ("<img src=x onerror=alert(1)>.png", "img src=x onerror=alert(1).png"),
        ('say "hello" `x`.png', "say hello x.png"),
        ("gpj.\u202eexe\0\n.jpg", "gpj.exe.jpg"),
        ("[system] {ignore}.png", "system ignore.png"),
        ("", ""),
    ],
)
def test_a_name_is_what_may_be_shown_of_it(given: str, name: str) -> None:
    assert clean(given) == name


def test_a_long_name_keeps_its_ending() -> None:
    assert clean("a" * 5000 + ".jpg") == "a" * (LONGEST - 1) + "…", "what is far behind is not looked at"
    assert clean("a" * 200 + ".jpg") == "a" * (LONGEST - 10) + "….jpg"


@given(st.text())
def test_no_name_has_a_path_or_markup_in_it(name: str) -> None:
    assert not set(clean(name)) & set('/\\<>"\n\0')
    assert len(clean(name)) <= LONGEST


def test_the_id_of_a_stream_is_one_that_clients_make() -> None:
    assert stream("0b5c9f2a-6f2e-4d3a-9d5e-1f2b3c4d5e6f") == "0b5c9f2a-6f2e-4d3a-9d5e-1f2b3c4d5e6f"
    assert stream("<b>") == stream("abc") == stream("4111 1111 1111 1111") == ""
