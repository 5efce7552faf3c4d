"""Reference images that mean harm: refused before anything is sent, at little cost, whatever they are called."""

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from runner.manifest import images
from runner.manifest.batch import ReferenceChanged
from runner.manifest.references import payload
from runner.manifest.request import Fit
from tests.acceptance.desk import Shop
from tests.acceptance.test_hostile_manifests import MEMORY, assert_bounded, counted
from tests.acceptance.warm import Measured, QuickDesk
from tests.unit.manifest_factory import batch

Save = Callable[[Path], object]
GPS = {1: "N", 2: (48.0, 51.0, 29.0), 3: "E", 4: (2.0, 17.0, 40.0)}


def saved(kind: str, size: tuple[int, int] = (720, 1280), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, format=kind, **options)
    return out.getvalue()


def png(width: int, height: int, *chunks: tuple[bytes, bytes], depth: int = 8, colours: int = 2) -> bytes:
    """A PNG whose head says anything, with little behind it."""
    head = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    whole = ((b"IHDR", head), *chunks, (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    parts = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in whole
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def large_png(width: int, height: int) -> bytes:
    """A PNG that is whole, and much larger than its file."""
    row = b"\0" + bytes(width * 4)
    packing = zlib.compressobj(9)
    packed = b"".join(packing.compress(row) for _ in range(height)) + packing.flush()
    whole = png(width, height, colours=6)
    start = whole.index(b"IDAT") - 4
    data = struct.pack(">I", len(packed)) + b"IDAT" + packed + struct.pack(">I", zlib.crc32(b"IDAT" + packed))
    return whole[:start] + data + whole[-12:]


def exif(**more: object) -> Image.Exif:
    tags = Image.Exif()
    tags[0x8825] = GPS
    tags[0x0112] = 6
    tags[0x010E] = "where I live"
    return tags


def checked(desk: QuickDesk, reference: bytes | Save, more: str = "") -> Measured:
    path = desk.folder / "cat.png"
    path.write_bytes(reference) if isinstance(reference, bytes) else reference(path)
    desk.write(f"version: 1\nshots:\n- {{id: a, prompt: x, input_reference: cat.png{more}}}\n")
    result = desk.run("check", "film.yaml")
    assert_bounded(result)
    return result


REFUSED: dict[str, tuple[bytes | Save, str]] = {
    "60,000 x 60,000": (png(60_000, 60_000), "has more than 64 megapixels"),
    "8,001 x 8,000": (png(8001, 8000), "has more than 64 megapixels"),
    "no width": (png(0, 1280), "is no JPEG, PNG or WebP"),
    "cut": (saved("PNG")[:-100], "is damaged or cut off"),
    "cut JPEG": (saved("JPEG")[:-100], "is damaged or cut off"),
    "cut WebP": (saved("WEBP")[:-10], "is damaged or cut off"),
    "a packed text": (png(720, 1280, (b"zTXt", b"x\0\0" + zlib.compress(bytes(1 << 26)))), "is damaged"),
    "a packed colour profile": (png(720, 1280, (b"iCCP", b"x\0\0" + zlib.compress(bytes(1 << 26)))), ""),
    "GIF": (saved("GIF"), "is no JPEG, PNG or WebP, it looks like GIF"),
    "TIFF": (saved("TIFF"), "is no JPEG, PNG or WebP, it looks like TIFF"),
    "BMP": (saved("BMP"), "is no JPEG, PNG or WebP, it looks like BMP"),
    "Photoshop": (b"8BPS\0\x01" + bytes(100), "is no JPEG, PNG or WebP, it looks like Photoshop"),
    "PDF": (b"%PDF-1.7\n" + saved("PNG"), "is no JPEG, PNG or WebP, it looks like PDF"),
    "SVG": (b"<svg onload='alert(1)'/>", "is no JPEG, PNG or WebP, it looks like SVG"),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (r) file\n", "is no JPEG, PNG or WebP"),
    "HEIC": (b"\0\0\0\x18ftypheic" + bytes(100), "it looks like HEIC, AVIF or a video"),
    "moving WebP": (saved("WEBP", save_all=True, append_images=[Image.new("RGB", (720, 1280), "red")]), "is animated"),
    "moving PNG": (saved("PNG", save_all=True, append_images=[Image.new("RGB", (720, 1280), "red")]), "is animated"),
    "nothing": (b"", "is empty"),
    "21 MiB": (saved("PNG") + bytes(21 << 20), "is larger than 20 MiB"),
    "a folder": (Path.mkdir, "is no file"),
    "a pipe": (os.mkfifo, "is no file"),
    "/dev/zero": (lambda path: path.symlink_to("/dev/zero"), "is no file"),
    "/dev/tty": (lambda path: path.symlink_to("/dev/tty"), "cat.png"),
    "a link to nowhere": (lambda path: path.symlink_to("nowhere"), "is not there"),
    "a link to itself": (lambda path: path.symlink_to("cat.png"), "cannot be read: too many levels"),
    "a secret": (lambda path: path.symlink_to("/etc/passwd"), "is no JPEG, PNG or WebP"),
    "a gigabyte": (lambda path: (path.touch(), os.truncate(path, 1 << 30)), "is larger than 20 MiB"),
    "turned": (saved("JPEG", (1280, 720), exif=exif()), "is stored turned or mirrored (EXIF)"),
}


@pytest.mark.parametrize(("reference", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_an_image_that_means_harm_is_refused(quick: QuickDesk, reference: bytes | Save, words: str) -> None:
    result = checked(quick, reference)
    (quick.folder / "cat.png").rmdir() if (quick.folder / "cat.png").is_dir() else (quick.folder / "cat.png").unlink()
    assert result.code == 2, result.stderr
    assert words in result.stderr


LARGE: dict[str, Callable[[], bytes]] = {
    "PNG, 16 megapixels": lambda: large_png(4000, 4000),
    "PNG, 25 megapixels": lambda: large_png(5000, 5000),
    "JPEG in inks, in steps": lambda: saved("JPEG", (4000, 4000), "CMYK", progressive=True),
    "WebP": lambda: saved("WEBP", (4000, 4000), "RGBA", lossless=True),
    "PNG of 16 bits": lambda: saved("PNG", (4000, 4000), "I;16"),
}


@pytest.mark.parametrize("reference", LARGE.values(), ids=LARGE.keys())
def test_a_large_image_is_looked_at_within_the_bounds(quick: QuickDesk, reference: Callable[[], bytes]) -> None:
    result = checked(quick, reference(), ", fit: cover")
    assert result.code == 0, result.stderr
    assert result.rss <= MEMORY


def test_one_image_under_many_names_is_looked_at_once(quick: QuickDesk) -> None:
    (quick.folder / "cat.png").write_bytes(LARGE["PNG, 16 megapixels"]())
    shot = b"- {id: a@, prompt: x, fit: cover, input_reference: 'x/../%scat.png'}\n"
    (quick.folder / "x").mkdir()
    shots = b"".join(shot.replace(b"@", b"%d" % each) % (b"./" * (each // 9)) for each in range(300))
    (quick.folder / "film.yaml").write_bytes(b"version: 1\nshots:\n" + shots)
    result = quick.run("check", "film.yaml")
    assert (result.code, result.rss <= MEMORY) == (0, True)
    assert result.seconds < 20, "decoding it 300 times takes a minute"


@pytest.mark.parametrize(
    "reference",
    [
        "../../../../etc/passwd", "/etc/passwd", "~/cat.png", "C:\\\\cat.png", "\\\\\\\\host\\\\cat.png", "http://127.0.0.1/x.png",
        "https://169.254.169.254/latest/meta-data/", "https://[::ffff:169.254.169.254]/", "https://[64:ff9b::a9fe:a9fe]/",
        "https://[2002:a9fe:a9fe::]/", "https://[fe80::1]/", "https://224.0.0.1/", "https://2852039166/",
        "https://0251.0376.0251.0376/", "https://0xa9fea9fe/", "https://u:p@example.com/x.png", "file:///etc/passwd",
        "gopher://127.0.0.1/", "data:image/png;base64,AAAA", "https://ex\u0430mple.com/x.png", "HTTPS://EXAMPLE.COM/x.png",
        "ftp://example.com/x.png", "https://example.com/x.png",
    ],
)  # fmt: skip
def test_a_reference_that_leads_away_is_refused_and_nothing_is_fetched(
    quick: QuickDesk, shop: Shop, reference: str
) -> None:
    """The product fetches no URL that a manifest names: a web address is refused whatever it is."""
    text = f'version: 1\nshots:\n- {{id: a, prompt: x, input_reference: "{reference}"}}\n'
    quick.write(text)
    result = quick.run("render", "film.yaml")
    assert (result.code, shop.ledger["connections"]) == (2, 0), result.stderr
    assert "film.yaml:3:" in result.stderr
    assert "root:" not in result.said
    assert "u:p@" not in result.said
    assert_bounded(result)


def test_many_names_of_images_that_are_not_there_cost_little(quick: QuickDesk) -> None:
    shots = counted(b"- {id: a@, prompt: x, input_reference: cat@.png}\n", 5_000)
    (quick.folder / "film.yaml").write_bytes(b"version: 1\nshots:\n" + shots)
    result = quick.run("check", "film.yaml")
    assert result.code == 2
    assert_bounded(result)


def test_where_a_picture_was_taken_does_not_leave_this_machine_when_it_is_fitted() -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        data = saved(kind, (1280, 720), exif=exif())
        assert b"where I live" in data
        sent = images.fit(data, size="720x1280", fit=Fit(mode="cover", focus=(0.5, 0.5)))
        with Image.open(io.BytesIO(sent)) as image:
            assert not image.getexif()
        assert b"where I live" not in sent


@pytest.mark.parametrize("kind", ["a pipe", "/dev/zero", "grown", "another", "a folder", "gone", "unreadable link"])
def test_a_file_that_changes_between_check_and_sending_is_not_sent(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(saved("PNG"))
    shot = batch(tmp_path, "version: 1\nshots:\n- {id: a, prompt: x, input_reference: cat.png}\n").shots[0]
    assert shot.reference is not None
    path.unlink()
    match kind:
        case "a pipe":
            os.mkfifo(path)
        case "/dev/zero":
            path.symlink_to("/dev/zero")
        case "grown":
            path.write_bytes(saved("PNG"))
            with path.open("ab") as file:
                file.truncate(1 << 40)
        case "another":
            path.write_bytes(saved("PNG", compress_level=1))
        case "a folder":
            path.mkdir()
        case "unreadable link":
            path.symlink_to("cat.png")
    with pytest.raises(ReferenceChanged):
        payload(shot.reference, shot.request)


@pytest.mark.parametrize(
    "chunk",
    [(b"tRNS", bytes(300)), (b"eXIf", b"nonsense"), (b"gAMA", bytes(4)), (b"iCCP", b"x\0\0" + zlib.compress(b"x"))],
)
def test_what_is_let_in_can_be_fitted(tmp_path: Path, chunk: tuple[bytes, bytes]) -> None:
    """Colours and metadata that make no sense are found before anything is bought."""
    whole = saved("PNG", (96, 64), "P")
    kind, data = chunk
    part = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    at = whole.index(b"IDAT") - 4
    (tmp_path / "cat.png").write_bytes(whole[:at] + part + whole[at:])
    text = "version: 1\nshots:\n- {id: a, prompt: x, fit: cover, input_reference: cat.png}\n"
    try:
        shot = batch(tmp_path, text).shots[0]
    except AssertionError:
        return  # it was refused
    assert shot.reference is not None
    assert payload(shot.reference, shot.request).data
