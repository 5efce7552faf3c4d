import hashlib
import io

import pytest
from PIL import Image

from runner.manifest.references import Payload, ReferenceChanged, payload
from tests.unit.manifest_factory import batch

TOP = "version: 1\nshots:\n  - id: a\n    prompt: b\n    size: 1280x720\n"


def save(path, size=(1280, 720), format_="PNG", **options):
    Image.new("RGB", size, "teal").save(path, format=format_, **options)
    return path.read_bytes()


def shot(folder, name, fit=""):
    return batch(folder, f"{TOP}    input_reference: {name}\n{f'    fit: {fit}' if fit else ''}\n").shots[0]


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


@pytest.mark.parametrize("fit", ["", "exact", "cover", "contain", "stretch", "{mode: cover, focus: [0, 1]}"])
@pytest.mark.parametrize(
    ("format_", "media_type", "filename"),
    [
        ("PNG", "image/png", "reference.png"),
        ("JPEG", "image/jpeg", "reference.jpg"),
        ("WEBP", "image/webp", "reference.webp"),
    ],
)
def test_an_image_that_fits_is_sent_untouched_whatever_fit_says(tmp_path, fit, format_, media_type, filename):
    data = save(tmp_path / '猫 "1".img', format_=format_)
    wanted = shot(tmp_path, "'猫 \"1\".img'", fit)
    assert wanted.request.reference.fit is None
    assert payload(wanted.reference, wanted.request) == Payload(data=data, media_type=media_type, filename=filename)


@pytest.mark.parametrize(
    ("format_", "media_type", "filename"),
    [
        ("PNG", "image/png", "reference.png"),
        ("JPEG", "image/jpeg", "reference.jpg"),
        ("WEBP", "image/jpeg", "reference.jpg"),
    ],
)
def test_an_image_that_does_not_fit_is_fitted(tmp_path, format_, media_type, filename):
    save(tmp_path / "cat", (300, 400), format_)
    wanted = shot(tmp_path, "cat", "contain")
    sent = payload(wanted.reference, wanted.request)
    assert (sent.media_type, sent.filename) == (media_type, filename)
    assert Image.open(io.BytesIO(sent.data)).size == (1280, 720)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_an_image_that_is_stored_turned_is_fitted_even_if_its_pixels_are_right(tmp_path, orientation):
    save(tmp_path / "cat", (720, 1280) if orientation >= 5 else (1280, 720), "JPEG", exif=exif(orientation))
    wanted = shot(tmp_path, "cat", "cover")
    assert wanted.request.reference.fit is not None
    with Image.open(io.BytesIO(payload(wanted.reference, wanted.request).data)) as sent:
        assert sent.size == (1280, 720)
        assert not sent.getexif()


def test_the_digest_is_that_of_the_source(tmp_path):
    data = save(tmp_path / "cat", (300, 400))
    wanted = shot(tmp_path, "cat", "cover")
    assert wanted.request.reference.sha256 == wanted.reference.sha256 == hashlib.sha256(data).hexdigest()


def test_a_file_that_changed_is_not_sent(tmp_path):
    save(tmp_path / "cat")
    wanted = shot(tmp_path, "cat")
    (tmp_path / "cat").write_bytes((tmp_path / "cat").read_bytes() + b"\0")
    with pytest.raises(ReferenceChanged, match="the reference `cat` changed after the manifest was read"):
        payload(wanted.reference, wanted.request)


def test_a_file_that_is_gone_is_not_sent(tmp_path):
    save(tmp_path / "cat")
    wanted = shot(tmp_path, "cat")
    (tmp_path / "cat").unlink()
    with pytest.raises(ReferenceChanged, match="the reference `cat` cannot be read any more"):
        payload(wanted.reference, wanted.request)


def test_the_same_image_is_looked_at_once_for_all_shots(tmp_path, monkeypatch):
    from runner.manifest import images

    save(tmp_path / "cat")
    looked = []
    inspect = images.inspect
    monkeypatch.setattr(images, "inspect", lambda path, limits: looked.append(path) or inspect(path, limits))
    shots = "".join(f"  - {{id: s{number}, prompt: b, size: 1280x720, input_reference: cat}}\n" for number in range(9))
    assert len(batch(tmp_path, f"version: 1\nshots:\n{shots}").shots) == 9
    assert looked == [tmp_path / "cat"]
