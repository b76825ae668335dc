"""The label for a parcel that comes back, as a PDF of one page to print."""

import asyncio
import io
from datetime import date

from tools import spoken
from tools.file import GivenFile

_TO = ("Hearth and Home, returns", "12 Mill Lane", "Bristol")
_MM = 72 / 25.4
_WIDTH, _HEIGHT = 105 * _MM, 148 * _MM  # A6


async def return_label(order_number: int, what: str, opened_on: date) -> GivenFile:
    """Nothing on it tells who sends it: whoever knows an order's number can ask for it."""
    data = await asyncio.to_thread(_drawn, order_number, what, opened_on)
    words = f"The label for the parcel: return of order {order_number}, {what}, to {', '.join(_TO)}."
    return GivenFile(f"return-label-{order_number}.pdf", data, words)


def _drawn(order_number: int, what: str, opened_on: date) -> bytes:
    from reportlab.graphics.barcode.code128 import Code128  # 20 MB that a worker has no use for until now
    from reportlab.pdfgen.canvas import Canvas

    number = f"R-{order_number}"
    out = io.BytesIO()
    page = Canvas(out, pagesize=(_WIDTH, _HEIGHT), invariant=True)
    page.setTitle(f"Return label {number}")
    page.setFont("Helvetica-Bold", 22)
    page.drawString(8 * _MM, 130 * _MM, "Return label")
    page.setFont("Helvetica", 11)
    for line, words in enumerate((f"Order {order_number}", what, f"Opened on {spoken.day(opened_on)}")):
        page.drawString(8 * _MM, (118 - 6 * line) * _MM, words)
    page.setFont("Helvetica-Bold", 14)
    for line, words in enumerate(_TO):
        page.drawString(8 * _MM, (84 - 7 * line) * _MM, words)
    Code128(number, barHeight=24 * _MM, barWidth=0.5 * _MM, quiet=True).drawOn(page, 8 * _MM, 30 * _MM)
    page.setFont("Helvetica", 14)
    page.drawCentredString(_WIDTH / 2, 20 * _MM, number)
    page.setFont("Helvetica", 9)
    page.drawCentredString(_WIDTH / 2, 9 * _MM, "Fold here, and put it on the parcel where it can be scanned.")
    page.save()
    return out.getvalue()
