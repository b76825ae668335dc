"""Files and pictures that tools give: what is no file is refused, a label can be scanned, a chart can be read."""

import io
import subprocess
from collections.abc import Callable
from datetime import date
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from livekit.agents import ToolError
from PIL import Image

from tools import charts
from tools.file import MOST_BYTES, GivenFile
from tools.label import return_label

PDF = b"%PDF-1.7\n"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("../label.pdf", PDF, "x"),
        ("label.pdf.exe", PDF, "x"),
        ("label.svg", b"<svg/>", "x"),
        ("page.html", b"<html>", "x"),
        ("a b.pdf", PDF, "x"),
        ("label.pdf", b"<script>", "x"),
        ("chart.png", PDF, "x"),
        ("note.txt", b"", "x"),
        ("note.txt", b"x" * (MOST_BYTES + 1), "x"),
        ("note.txt", b"x", " "),
        ("note.txt", b"x", "x" * 1001),
        (f"{'a' * 61}.txt", b"x", "x"),
    ],
)
def test_what_is_no_file_for_a_caller_cannot_be_made(name: str, data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=r"name|bytes|words"):
        GivenFile(name, data, words)


async def test_a_label_is_a_page_that_can_be_read_and_scanned() -> None:
    label = await return_label(1017, "one oven dish", date(2026, 11, 27))
    assert (label.name, label.mime) == ("return-label-1017.pdf", "application/pdf")
    document = pypdfium2.PdfDocument(label.data)
    assert len(document) == 1
    text = document[0].get_textpage().get_text_range()
    assert "Order 1017" in text
    assert "one oven dish" in text
    picture = document[0].render(scale=2).to_pil()
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == ["R-1017"]
    assert label == await return_label(1017, "one oven dish", date(2026, 11, 27)), "made again, it is the same"


async def test_a_chart_is_drawn_by_a_process_of_its_own_without_our_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    seen = dict[str, str]()
    run: Callable[..., Any] = subprocess.run

    def noted(*args: Any, env: dict[str, str], **more: Any) -> Any:
        seen.update(env)
        return run(*args, env=env, **more)

    monkeypatch.setattr(subprocess, "run", noted)
    drawn = await charts.bars("Spending", {"groceries": 336.4, "transport": 114.4}, "pounds")
    with Image.open(io.BytesIO(drawn)) as picture:
        assert picture.format == "PNG"
        assert picture.width == 1200
    assert "secret" not in seen.values()
    monkeypatch.setattr(charts, "DRAWN_S", 0.01)
    with pytest.raises(ToolError, match="could not be drawn"):
        await charts.bars("Spending", {"groceries": 336.4}, "pounds")
