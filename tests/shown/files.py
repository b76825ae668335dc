"""Files as callers send them, and as those make them who mean harm."""

import io
import random
import struct
import zipfile
import zlib

from PIL import Image, ImageDraw, ImageFont

SLIP = ("Order 1042", "Anna Lamp Shop", "Table lamp, green", "Total 48.90 EUR")


def slip(*lines: str, size: tuple[int, int] = (900, 640)) -> Image.Image:
    """A photo of a printed slip: on a table, a little askew, unevenly lit."""
    paper = Image.new("RGB", (size[0] - 160, size[1] - 120), (250, 248, 240))
    draw, font = ImageDraw.Draw(paper), ImageFont.load_default(44)
    for number, line in enumerate(lines or SLIP):
        draw.text((50, 50 + 100 * number), line, fill=(30, 30, 40), font=font)
    table = Image.new("RGB", size, (120, 90, 60))
    askew = paper.convert("RGBA").rotate(2.5, expand=True, resample=Image.Resampling.BICUBIC)
    table.paste(askew, (60, 40), askew)
    shade = Image.linear_gradient("L").resize(size).point(lambda light: 150 + light // 3)
    return Image.composite(table, Image.new("RGB", size, (0, 0, 0)), shade)


def saved(picture: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def held_sideways() -> bytes:
    """Wider than high as it is stored, higher than wide as it was seen; and it tells where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "Secret garden"
    exif.get_ifd(0x8825)[1] = "N"
    return saved(Image.new("RGB", (400, 200), (200, 0, 0)), exif=exif)


def png(width: int, height: int, body: bytes = b"", *chunks: tuple[bytes, bytes]) -> bytes:
    """One whose head says what it likes."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(body)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def bomb() -> bytes:
    """A small file of 3.6 billion pixels."""
    return png(60_000, 60_000, bytes(100_000))


def wide_bomb() -> bytes:
    """As many pixels as may be, all of them there: 180 kB that want 150 MB."""
    return png(10_000, 5_100, bytes(5_100 * 30_001))


def text_bomb() -> bytes:
    """A note in a picture that unpacks to 200 MB."""
    packed = b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    return png(1, 1, bytes(4), (b"zTXt", packed))


def archive(picture: bytes) -> bytes:
    """A picture that is an archive, too."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("run.js", "alert(1)")
    return picture + out.getvalue()


def page_in_jpeg() -> bytes:
    """A picture whose comment is a web page."""
    picture = saved(slip())
    note = b"<html><script>alert(1)</script></html>"
    return picture[:2] + b"\xff\xfe" + struct.pack(">H", len(note) + 2) + note + picture[2:]


def damaged(seed: int) -> bytes:
    """A picture with some of its bytes changed, another for each seed."""
    chance = random.Random(seed)
    data = bytearray(saved(slip(), chance.choice(["JPEG", "PNG", "WEBP"])))
    for _ in range(chance.randint(1, 40)):
        data[chance.randrange(12, len(data))] = chance.randrange(256)
    return bytes(data)


def pdf(*texts: str, width: int = 300, height: int = 200, kids: str | None = None) -> bytes:
    """A document with a page for each text."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    pages = []
    for text in texts:
        stream = f"BT /F1 24 Tf 20 100 Td ({text}) Tj ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {len(objects)} 0 R "
            "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
        )
        pages.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{kids or ' '.join(pages)}] /Count {len(pages)} >>"
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    tail = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return out + f"{tail}startxref\n{len(out)}\n%%EOF".encode()
