"""A file that somebody sent, made into what a model takes: pictures of a size, and text. Blocks, and trusts nothing.

Runs in a process of its own (`python -m worker.shown.reader`), whose memory and time are bounded.
"""

import io
import warnings

from PIL import Image, ImageFile, ImageOps, PngImagePlugin

from worker.shown.kind import Ambiguous, Kind, kind_of, text_of
from worker.shown.result import Read, Refused, Size

PIXELS = 50_000_000  # of a picture that is decoded whole: 200 MB
JPEG_PIXELS = 120_000_000  # a telephone makes so many; a JPEG is decoded at a fraction of its size
PAGES = 5  # of a document, as pictures
TEXT_PAGES = 30  # and as text
CHARACTERS = 20_000  # of text, as in a message
_QUALITIES = (85, 75, 60, 45)
_HEIC = (
    "The picture is a HEIC, which cannot be opened here. Send it as a JPEG: an iPhone makes these with Settings, Camera, "
    "Formats, Most Compatible. A screenshot of the picture will do, too."
)
_PAPER = (255, 255, 255)  # behind what is transparent

Image.MAX_IMAGE_PIXELS = JPEG_PIXELS
ImageFile.LOAD_TRUNCATED_IMAGES = False
PngImagePlugin.MAX_TEXT_CHUNK = 1_000_000
PngImagePlugin.MAX_TEXT_MEMORY = 4_000_000
warnings.simplefilter("error", Image.DecompressionBombWarning)


def read(data: bytes, size: Size) -> Read:
    """Raises Refused."""
    try:
        kind = kind_of(data)
    except Ambiguous as error:
        raise Refused("file.kind", f"The file is {error}, and is not taken. Send a plain picture or PDF.") from error
    match kind:
        case None:
            raise Refused(
                "file.kind", "Nothing here reads this kind of file. Send a JPEG, PNG, WebP, PDF or text file."
            )
        case Kind.TEXT:
            if text := _cut(text_of(data) or ""):
                return Read(kind, text=text)
            raise Refused("file.incomplete", "There is nothing in the file. Send it again.")
        case Kind.HEIC:  # made into a JPEG before, where there is a program for it
            raise Refused("file.kind", _HEIC)
        case Kind.PDF:
            return _read_pdf(data, size)
        case _:
            return Read(kind, pictures=(_read_picture(data, kind, size),))


def _read_picture(data: bytes, kind: Kind, size: Size) -> bytes:
    try:
        with Image.open(io.BytesIO(data), formats=[kind.value]) as picture:  # its head alone is read here
            most = JPEG_PIXELS if kind is Kind.JPEG else PIXELS
            if picture.width * picture.height > most:
                raise Refused("file.too_big_picture", _too_big(most))
            picture.draft("RGB", (size.px, size.px))
            picture.load()
            return encoded(picture, size)
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise Refused("file.too_big_picture", _too_big(PIXELS)) from error
    except Exception as error:  # the library's decoders raise many kinds for a file that is broken on purpose
        if "truncated" in str(error):
            raise Refused("file.incomplete", "The end of the picture is missing. Send it again.") from error
        raise Refused(
            "file.unreadable", "The picture is damaged and cannot be opened. Save it anew, or take another."
        ) from error


def _too_big(pixels: int) -> str:
    return f"The picture has more than {pixels // 1_000_000} million pixels. Send a smaller version of it."


def encoded(picture: Image.Image, size: Size) -> bytes:
    """Upright, as a JPEG of at most this size, and nothing but what is seen on it."""
    picture.thumbnail((size.px, size.px))
    upright = _rgb(_upright(picture))
    while True:
        for quality in _QUALITIES:
            out = io.BytesIO()
            upright.save(out, "JPEG", quality=quality)
            if out.tell() <= size.bytes:
                return out.getvalue()
        upright = upright.reduce(2)


def _upright(picture: Image.Image) -> Image.Image:
    """As its camera was held; where the note of that is damaged, as it is."""
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # a picture is not refused for its metadata, which nobody wants
        return picture


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # 16 bits a pixel; a plain conversion would make white of it
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        paper = Image.new("RGB", seen.size, _PAPER)
        paper.paste(seen, mask=seen.getchannel("A"))
        return paper
    return Image.frombytes("RGB", picture.size, picture.convert("RGB").tobytes())  # without its `info`


def _read_pdf(data: bytes, size: Size) -> Read:
    import pypdfium2 as pdfium  # large, and seldom needed

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise Refused("file.unreadable", "The PDF is locked by a password. Send one that is not.") from error
        raise Refused("file.unreadable", "The PDF is damaged and cannot be opened. Save it anew.") from error
    try:
        count, pictures, texts = len(document), list[bytes](), list[str]()
        for number in range(min(count, TEXT_PAGES)):
            page = document[number]
            if len(pictures) < PAGES:
                width, height = page.get_size()  # in points; some pages are as long as a house
                if not (width > 0 and height > 0):
                    raise Refused("file.unreadable", "The PDF has a page without a size. Save it anew.")
                bitmap = page.render(scale=min(size.px / max(width, height), 200 / 72))
                pictures.append(encoded(bitmap.to_pil(), size))
                bitmap.close()
            if sum(map(len, texts)) <= CHARACTERS:
                texts.append(page.get_textpage().get_text_bounded().strip())
            page.close()
    except pdfium.PdfiumError as error:
        raise Refused("file.unreadable", "A page of the PDF cannot be drawn. Save it anew.") from error
    if not count:
        raise Refused("file.unreadable", "The PDF has no pages.")
    return Read(Kind.PDF, tuple(pictures), _cut("\n\n".join(text for text in texts if text)), count)


def _cut(text: str) -> str:
    """Without what is no character to read, and no longer than a message may be."""
    plain = "".join(
        char for char in text[: 4 * CHARACTERS].replace("\r\n", "\n") if char.isprintable() or char in "\n\t"
    )
    plain = plain.strip()
    return plain if len(plain) <= CHARACTERS else f"{plain[:CHARACTERS]} … (it goes on)"
