"""What is made of files that callers send, and which are not taken."""

import io
import sys
from contextlib import suppress

import pytest
from PIL import Image, ImageStat

from tests.shown import files
from worker.shown import readers, reading
from worker.shown.kind import Kind
from worker.shown.reading import read
from worker.shown.result import Read, Refused, Size

SIZE = Size(px=1000, bytes=300_000)


def seen(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture))


def refused(data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        read(data, SIZE)
    assert caught.value.detail[0].isupper()
    assert caught.value.detail[-1] == "."
    return caught.value.code


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_comes_out_as_a_jpeg_of_the_size_that_is_wanted(form: str) -> None:
    found = read(files.saved(files.slip(size=(3000, 2000)), form), SIZE)
    [picture] = found.pictures
    assert (seen(picture).format, seen(picture).size, found.text, found.pages) == ("JPEG", (1000, 667), "", 0)
    assert len(picture) <= SIZE.bytes


def test_a_picture_that_is_hard_to_pack_gets_smaller_until_it_fits() -> None:
    noise = Image.effect_noise((900, 900), 200).convert("RGB")
    [picture] = read(files.saved(noise, "PNG"), Size(px=1000, bytes=40_000)).pictures
    assert len(picture) <= 40_000
    assert seen(picture).width < 900


def test_a_photo_is_upright_and_tells_nothing_of_where_it_was_taken() -> None:
    [picture] = read(files.held_sideways(), SIZE).pictures
    assert seen(picture).size == (200, 400)
    assert not seen(picture).getexif()
    assert b"garden" not in picture
    assert set(seen(picture).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize(
    ("picture", "brightness"),
    [
        (Image.new("RGBA", (9, 9), (0, 0, 0, 0)), 255),
        (Image.new("LA", (9, 9), (0, 255)), 0),
        (Image.new("I;16", (9, 9), 32_768), 128),
        (Image.new("1", (9, 9), 1), 255),
        (Image.new("P", (9, 9), 0), 0),
    ],
    ids=["transparent", "opaque", "16 bits", "1 bit", "palette"],
)
def test_pictures_of_every_kind_of_colour_are_seen_as_they_are(picture: Image.Image, brightness: int) -> None:
    [read_as] = read(files.saved(picture, "PNG"), SIZE).pictures
    assert ImageStat.Stat(seen(read_as).convert("L")).mean[0] == pytest.approx(brightness, abs=2)


def test_a_photo_with_a_short_film_behind_it_is_a_photo() -> None:
    film = b"\x00\x00\x00\x18ftypmp42" + bytes(5000)
    assert read(files.saved(files.slip()) + film, SIZE).kind is Kind.JPEG


def test_a_photo_with_damaged_metadata_is_a_photo() -> None:
    data = files.held_sideways()
    at = data.index(b"Exif\0\0") + 6
    assert read(data[:at] + b"II*\0\xff\xff\xff\xff" + data[at + 8 :], SIZE).kind is Kind.JPEG


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (files.bomb(), "file.too_big_picture"),
        (files.wide_bomb(), "file.too_big_picture"),
        (files.text_bomb(), "file.unreadable"),
        (files.png(0, 10), "file.unreadable"),
        (files.saved(files.slip())[:-9000], "file.incomplete"),
        (files.saved(files.slip(), "PNG")[:-9000], "file.incomplete"),
        (files.saved(files.slip(), "WEBP")[:-9000], "file.unreadable"),
        (b"\xff\xd8\xff" + bytes(500), "file.unreadable"),
        (files.archive(files.saved(files.slip())), "file.kind"),
        (files.archive(files.pdf("x")), "file.kind"),
        (files.page_in_jpeg(), "file.kind"),
        (b"\xff\xd8\xff\xfe\x00\x20" + files.pdf("x"), "file.kind"),
        (files.saved(files.slip(), "GIF"), "file.kind"),
        (files.saved(files.slip(), "TIFF"), "file.kind"),
        (b"\x7fELF" + bytes(100), "file.kind"),
        (files.archive(b""), "file.kind"),
        (b"", "file.incomplete"),
        (b"%PDF-1.7\n" + bytes(100), "file.unreadable"),
    ],
    ids=lambda given: given if isinstance(given, str) else f"{len(given)}",
)
def test_what_is_no_picture_or_document_is_refused(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_dimensions_are_checked_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("it was decoded"))
    assert refused(files.bomb()) == "file.too_big_picture"
    assert refused(files.wide_bomb()) == "file.too_big_picture"


def test_a_pdf_is_its_pages_and_its_words() -> None:
    found = read(files.pdf(*(f"Order {number}" for number in range(1, 8))), SIZE)
    assert (found.kind, found.pages, len(found.pictures)) == (Kind.PDF, 7, reading.PAGES)
    assert found.text == "\n\n".join(f"Order {number}" for number in range(1, 8))
    assert seen(found.pictures[0]).size == (834, 556), "200 dots an inch"


def test_a_pdf_as_large_as_a_house_is_drawn_small() -> None:
    [page] = read(files.pdf("x", width=200_000, height=14_000), SIZE).pictures
    assert max(seen(page).size) <= SIZE.px


def test_a_pdf_whose_pages_go_round_in_a_circle_has_an_end() -> None:
    with suppress(Refused):
        assert len(read(files.pdf("x", kids="2 0 R 2 0 R"), SIZE).pictures) <= reading.PAGES


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (("Grüße\r\nab\x07c" + "d" * 99).encode(), "Grüße\nabc" + "d" * 99),
        ("Grüße".encode("utf-16"), "Grüße"),
        ("Grüße".encode("cp1252"), "Grüße"),
        (b"<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_a_text_is_read_whatever_its_encoding(data: bytes, text: str) -> None:
    assert read(data, SIZE) == Read(Kind.TEXT, text=text)


def test_a_long_text_is_cut() -> None:
    assert read(b"a" * 10_000_000, SIZE).text == "a" * reading.CHARACTERS + " … (it goes on)"


# ---- in a process of its own


def test_what_the_process_reads_is_what_is_read() -> None:
    for data in (files.saved(files.slip()), files.pdf("one", "two"), b"words"):
        assert readers.read_apart(data, SIZE) == read(data, SIZE)
    with pytest.raises(Refused) as caught:
        readers.read_apart(files.bomb(), SIZE)
    assert caught.value.code == "file.too_big_picture"


def test_a_process_that_is_killed_by_its_file_is_a_file_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_command", lambda _: [sys.executable, "-c", "import os; os.abort()"])
    with pytest.raises(Refused) as caught:
        readers.read_apart(b"words", SIZE)
    assert caught.value.code == "file.unreadable"


def test_the_process_knows_none_of_our_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = "import os, json; print(json.dumps(dict(kind='text', text=str(os.environ), pages=0, lengths=[])))"
    monkeypatch.setenv("OPENAI_API_KEY", "planted")
    monkeypatch.setattr(readers, "_command", lambda _: [sys.executable, "-c", spy])
    told = readers.read_apart(b"", SIZE).text
    assert "PYTHONPATH" in told
    assert "planted" not in told


def test_a_file_that_wants_more_memory_than_there_may_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    greedy = """from worker.shown import reader
from worker.shown.kind import Kind
from worker.shown.result import Read
reader.read = lambda *_: Read(Kind.TEXT, text=str(len(bytearray(2 << 30))))
reader.main(['1', '1'])"""
    monkeypatch.setattr(readers, "_command", lambda _: [sys.executable, "-c", greedy])
    with pytest.raises(Refused) as caught:
        readers.read_apart(b"", SIZE)
    assert caught.value.code == "file.unreadable"


@pytest.mark.parametrize("seed", range(12))
def test_damaged_pictures_are_refused_or_read_and_nothing_else(seed: int) -> None:
    try:
        found = read(files.damaged(seed), SIZE)
    except Refused:
        return
    assert seen(found.pictures[0]).size <= (1000, 1000)
