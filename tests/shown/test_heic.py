"""The pictures of an iPhone: made into JPEGs by a program of its own, or refused in words that help."""

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from tests.shown import files
from worker.shown import heic, readers
from worker.shown.kind import Ambiguous, Kind, kind_of
from worker.shown.result import Refused, Size

SIZE = Size(px=1000, bytes=300_000)
HEAD = b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf" + bytes(40)
made = pytest.mark.needs("libheif-examples")


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """As a telephone makes it: HEVC in HEIF, of a slip on a table that is red at the left."""
    folder = tmp_path_factory.mktemp("heic")
    photo = files.slip(size=(1600, 1200))
    photo.paste((200, 0, 0), (0, 0, 400, 1200))
    photo.save(folder / "photo.png")
    command = ["heif-enc", "-q", "60", "-o", str(folder / "photo.heic"), str(folder / "photo.png")]
    subprocess.run(command, check=True, capture_output=True)
    return (folder / "photo.heic").read_bytes()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (HEAD, Kind.HEIC),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40), Kind.HEIC),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(40), None),
        (b"\0\0\0\x10ftypmif1\0\0\0\0" + b"heic" + bytes(40), None),
        (b"\xff\xff\xff\xffftyp" + bytes(40), None),
        (b"ftypheic", Kind.TEXT),
    ],
    ids=["iPhone", "plain", "film", "beyond its box", "endless", "words"],
)
def test_it_is_told_by_its_first_box(head: bytes, kind: Kind | None) -> None:
    assert kind_of(head) is kind


def test_one_that_is_an_archive_besides_is_refused() -> None:
    with pytest.raises(Ambiguous):
        kind_of(files.archive(HEAD))


def test_where_there_is_no_program_for_it_the_caller_is_told_what_to_send(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Refused) as caught:
        readers.read_apart(HEAD, SIZE)
    assert caught.value.code == "file.kind"
    assert "as a JPEG" in caught.value.detail
    assert "Most Compatible" in caught.value.detail


@made
def test_it_comes_out_as_a_jpeg_of_the_size_that_is_wanted(picture: bytes) -> None:
    found = readers.read_apart(picture, SIZE)
    [jpeg] = found.pictures
    seen = Image.open(io.BytesIO(jpeg))
    assert (seen.format, seen.size) == ("JPEG", (1000, 750))
    red, green, _ = ImageStat.Stat(seen.crop((20, 20, 200, 700))).mean
    assert red > 150 > 60 > green
    assert not seen.getexif()


@made
@pytest.mark.parametrize("left", [60, 400, 5000])
def test_one_that_is_cut_off_is_refused_and_nothing_of_it_stays(
    picture: bytes, left: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heic, "_MEMORY", str(tmp_path))
    with pytest.raises(Refused) as caught:
        readers.read_apart(picture[:left], SIZE)
    assert caught.value.code in ("file.unreadable", "file.incomplete")
    assert caught.value.detail.endswith(".")
    assert not list(tmp_path.iterdir())


@made
def test_one_that_is_a_page_besides_is_refused_though_it_could_be_opened(picture: bytes) -> None:
    with pytest.raises(Refused) as caught:
        readers.read_apart(files.archive(picture), SIZE)
    assert caught.value.code == "file.kind"


def test_the_program_is_bounded_as_our_own_reader_is(tmp_path: Path) -> None:
    """A program that eats memory, and one that fills the disk, in its place."""
    head = f"#!{shutil.which('python3')}\nimport sys\nout = open(sys.argv[-1], 'wb')\n"
    greedy, endless = tmp_path / "greedy", tmp_path / "endless"
    greedy.write_text(f"{head}out.write(bytes(2 << 30)[:9])\n")
    endless.write_text(f"{head}while True: out.write(bytes(1 << 20))\n")
    for program in (greedy, endless):
        program.chmod(0o700)
        with pytest.raises(Refused) as caught:
            heic.as_jpeg(HEAD, str(program))
        assert caught.value.code == "file.unreadable"
