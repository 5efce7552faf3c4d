import io
import os
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from runner.manifest.batch import Reference
from runner.manifest.images import Unusable, fit, inspect
from runner.manifest.request import Fit
from tests.unit.manifest_factory import make_limits

ORIENTATION = 0x0112
GPS = 0x8825
MIDDLE = (0.5, 0.5)
HOME = PngImagePlugin.PngInfo()
HOME.add_text("Comment", "at home")
SAMPLE = Image.effect_noise((96, 64), 40).convert("RGB")


def saved(image, format_, **options):
    out = io.BytesIO()
    image.save(out, format=format_, **options)
    return out.getvalue()


def exif(orientation):
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    tags[GPS] = {1: "N", 2: (1.0, 2.0, 3.0)}
    return tags


def look(tmp_path, data, **limits):
    path = tmp_path / "image.bin"
    path.write_bytes(data)
    return inspect(path, make_limits(**limits))


def fitted(image, size="40x40", mode="cover", focus=MIDDLE, format_="PNG", **options):
    data = fit(saved(image, format_, **options), size=size, fit=Fit(mode=mode, focus=focus))
    return Image.open(io.BytesIO(data))


def halves(left, right, size=(200, 100)):
    image = Image.new("RGB", size, left)
    image.paste(right, (size[0] // 2, 0, size[0], size[1]))
    return image


def near(pixel, colour):
    return all(abs(one - other) <= 12 for one, other in zip(pixel, colour, strict=True))


@pytest.mark.parametrize(
    ("format_", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_an_image_is_known_by_its_content_whatever_its_name(tmp_path, format_, media_type):
    seen = look(tmp_path, saved(SAMPLE, format_))
    assert isinstance(seen, Reference)
    assert (seen.media_type, seen.width, seen.height, seen.turned) == (media_type, 96, 64, False)
    assert len(seen.sha256) == 64


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_that_of_the_image_as_displayed(tmp_path, orientation):
    seen = look(tmp_path, saved(SAMPLE, "JPEG", exif=exif(orientation)))
    assert (seen.width, seen.height) == ((64, 96) if orientation >= 5 else (96, 64))
    assert seen.turned == (orientation != 1)


@pytest.mark.parametrize("format_", ["GIF", "BMP", "TIFF", "PPM", "TGA", "ICO", "PDF"])
def test_other_formats_are_refused_even_if_pillow_could_read_them(tmp_path, format_):
    seen = look(tmp_path, saved(SAMPLE, format_))
    assert isinstance(seen, Unusable)
    assert seen.says.startswith("is no JPEG, PNG or WebP")


@pytest.mark.parametrize(("data", "kind"), [(b"GIF89a", "GIF"), (b"....ftypheic....", "HEIC, AVIF or a video")])
def test_what_it_looks_like_is_said(tmp_path, data, kind):
    assert look(tmp_path, data).says == f"is no JPEG, PNG or WebP, it looks like {kind}"


@pytest.mark.parametrize("data", [b"hello", b"<html></html>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF0000WEBP"])
def test_what_is_no_image_is_refused(tmp_path, data):
    assert isinstance(look(tmp_path, data), Unusable)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_an_image_that_is_cut_off_is_refused(tmp_path, format_, kept):
    data = saved(SAMPLE, format_)
    assert look(tmp_path, data[: int(len(data) * kept)]).says == "is damaged or cut off"


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "WEBP"]), st.integers(0, 5_000), st.binary(min_size=1, max_size=40))
def test_an_image_with_wrong_bytes_is_seen_or_refused(tmp_path_factory, format_, at, noise):
    data = bytearray(saved(SAMPLE, format_))
    at %= len(data)
    data[at : at + len(noise)] = noise
    assert isinstance(look(tmp_path_factory.mktemp("noise"), bytes(data)), Reference | Unusable)


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda _: pytest.fail("decoded"))
    header = saved(Image.new("1", (8, 8)), "PNG")
    for width, height in [(60_000, 60_000), (8_001, 8_000), (20_000, 5_000)]:
        data = bytearray(header)
        data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
        data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
        assert look(tmp_path, bytes(data)).says == "has more than 64 megapixels"


def test_a_bomb_in_the_text_of_an_image_is_refused(tmp_path):
    info = PngImagePlugin.PngInfo()
    info.add_text("comment", "a" * 80_000_000, zip=True)
    data = saved(SAMPLE, "PNG", pnginfo=info)
    assert len(data) < 200_000
    assert isinstance(look(tmp_path, data), Unusable)


def test_a_large_image_is_verified_without_being_decoded(tmp_path):
    data = saved(Image.new("L", (5_000, 4_000)), "PNG")
    assert look(tmp_path, data).width == 5_000
    broken = bytearray(data)
    broken[len(data) // 2] ^= 1
    assert look(tmp_path, bytes(broken)).says == "is damaged or cut off"


def test_moving_pictures_are_refused(tmp_path):
    data = saved(SAMPLE, "WEBP", save_all=True, append_images=[SAMPLE.rotate(90)])
    assert look(tmp_path, data).says == "is animated"


def test_the_types_of_the_profile_count(tmp_path):
    assert look(tmp_path, saved(SAMPLE, "WEBP"), image_types=("image/jpeg", "image/png")) == Unusable(
        "is webp, allowed are jpeg, png", "convert the image"
    )


def test_the_bytes_of_the_profile_count(tmp_path):
    data = saved(SAMPLE, "PNG")
    assert isinstance(look(tmp_path, data, image_bytes=len(data)), Reference)
    assert look(tmp_path, data, image_bytes=len(data) - 1).says.startswith("is larger than 0.0")


def test_only_files_that_can_be_read_are_read(tmp_path):
    assert inspect(tmp_path / "gone.png", make_limits()).says == "is not there"
    assert inspect(tmp_path, make_limits()).says == "is no file"
    os.mkfifo(tmp_path / "pipe.png")
    assert inspect(tmp_path / "pipe.png", make_limits()).says == "is no file"
    (tmp_path / "empty.png").touch()
    assert inspect(tmp_path / "empty.png", make_limits()).says == "is empty"
    (tmp_path / "loop.png").symlink_to("loop.png")
    assert inspect(tmp_path / "loop.png", make_limits()).says.startswith("cannot be read: too many")
    assert inspect(tmp_path / ("x" * 300), make_limits()).says.startswith("cannot be read: file name too long")


def test_odd_metadata_makes_no_noise(tmp_path, recwarn):
    assert isinstance(look(tmp_path, saved(SAMPLE, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x05broken")), Reference)
    assert not recwarn.list


@pytest.mark.parametrize("mode", ["cover", "contain", "stretch"])
@pytest.mark.parametrize("size", ["1280x720", "720x1280", "33x17"])
@pytest.mark.parametrize("source", [(96, 64), (64, 96), (1, 1), (3, 500)])
def test_a_fitted_image_has_the_size_to_the_pixel(mode, size, source):
    image = fitted(Image.new("RGB", source, "teal"), size, mode)
    assert f"{image.width}x{image.height}" == size
    assert image.mode == "RGB"


@pytest.mark.parametrize(("source", "result"), [("PNG", "PNG"), ("JPEG", "JPEG"), ("WEBP", "JPEG")])
def test_png_stays_png_and_all_else_becomes_jpeg(source, result):
    assert fitted(SAMPLE, format_=source).format == result


@pytest.mark.parametrize(
    ("focus", "left", "right"),
    [
        ((0.0, 0.5), "red", "red"),
        ((1.0, 0.5), "blue", "blue"),
        (MIDDLE, "red", "blue"),
        ((0.25, 0.0), "red", "red"),
        ((0.3, 0.5), "red", "blue"),  # the middle of the frame is at 0.3, its right edge beyond the half
    ],
)
def test_cover_keeps_the_focus_in_view(focus, left, right):
    image = fitted(halves("red", "blue"), "100x100", "cover", focus)
    colours = {"red": (255, 0, 0), "blue": (0, 0, 255)}
    assert near(image.getpixel((2, 50)), colours[left])
    assert near(image.getpixel((97, 50)), colours[right])


def test_contain_shows_all_of_it_on_black():
    image = fitted(Image.new("RGB", (200, 100), "white"), "100x100", "contain")
    assert [image.getpixel((50, y)) for y in (0, 20, 50, 79, 99)] == [
        (0, 0, 0),
        (0, 0, 0),
        (255, 255, 255),
        (0, 0, 0),
        (0, 0, 0),
    ]


def test_stretch_shows_all_of_it_without_borders():
    image = fitted(halves("red", "blue"), "50x100", "stretch")
    assert near(image.getpixel((2, 50)), (255, 0, 0))
    assert near(image.getpixel((47, 50)), (0, 0, 255))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_image_comes_out_upright(orientation):
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = halves("red", "blue")
    stored = upright.transpose(back[orientation]) if orientation in back else upright
    image = fitted(stored, "200x100", "stretch", format_="PNG", exif=exif(orientation))
    assert near(image.getpixel((5, 50)), (255, 0, 0))
    assert near(image.getpixel((195, 50)), (0, 0, 255))


@pytest.mark.parametrize(("format_", "said"), [("JPEG", {"comment": b"at home"}), ("PNG", {"pnginfo": HOME})])
def test_metadata_is_dropped(format_, said):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = fitted(SAMPLE, format_=format_, exif=exif(6), icc_profile=profile, **said)
    assert not image.getexif()
    assert "icc_profile" not in image.info
    assert not {"exif", "comment", "Comment", "xmp"} & set(image.info)


def test_a_profile_that_makes_no_sense_is_dropped():
    assert fitted(SAMPLE, icc_profile=b"nonsense").mode == "RGB"


def test_colours_are_brought_to_srgb():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    grey = Image.new("RGB", (10, 10), (128, 128, 128))
    assert near(fitted(grey, "10x10", "stretch", icc_profile=lab).getpixel((5, 5)), (128, 128, 128))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_can_be_fitted(mode):
    source = (
        Image.new("I;16", (20, 20), 0xFFFF) if mode == "I;16" else Image.new("RGB", (20, 20), "white").convert(mode)
    )
    assert near(fitted(source, "10x10", "stretch").getpixel((5, 5)), (255, 255, 255))


def test_ink_colours_can_be_fitted():
    source = Image.new("CMYK", (20, 20), (0, 0, 0, 0))
    assert near(fitted(source, "10x10", "stretch", format_="JPEG").getpixel((5, 5)), (255, 255, 255))


def test_transparency_becomes_black():
    source = Image.new("RGBA", (20, 20), (255, 255, 255, 0))
    assert fitted(source, "10x10", "stretch").getpixel((5, 5)) == (0, 0, 0)
