"""The examples of the provider's document, with nothing but host and key changed, run against the sandbox."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.desk import KEY, Shop

EXAMPLES = Path(__file__).with_name("examples")
MONO = f"mcs -r:System.Net.Http.dll -main:Entry -out:text.exe $0 {EXAMPLES}/entry.cs && mono text.exe"
CAT = "A video of a cool cat on a motorcycle in the night"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the pictures that the examples speak of."""
    Image.new("RGB", (1280, 720), "red").save(tmp_path / "reference_image.png")
    Image.new("RGB", (1280, 720), "red").save(tmp_path / "reference_image.jpg")
    Image.new("RGB", (900, 1600), "red").save(tmp_path / "test_local.jpg")
    shutil.copy(tmp_path / "reference_image.jpg", tmp_path / "image.jpg")
    return tmp_path


@pytest.fixture
def images(desk: Path) -> Iterator[str]:
    """Where the picture of the example with a URL is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(desk)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def play(name: str, command: Sequence[str | Path], desk: Path, shop: Shop, images: str = "") -> str:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    told = text.replace("https://HOST/v1", shop.base_url).replace("YOUR_API_KEY", KEY).replace("https://IMAGES", images)
    (desk / name).write_text(told, encoding="utf-8")
    done = subprocess.run([*command, name], cwd=desk, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def bought(shop: Shop) -> tuple[str, str, str, bool]:
    """What was billed: prompt, size, seconds, and whether an image came along."""
    (bill,) = shop.ledger["billed"]
    (job,) = shop.sandbox.jobs
    return bill["prompt"], job.order.size, job.order.seconds, job.order.reference is not None


def tool(*names: str) -> str:
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"there is no {' or '.join(names)} here")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("text.sh", (CAT, "1280x720", "8", False)),
        ("image.sh", ("The cat starts walking slowly towards the camera", "1280x720", "8", True)),
    ],
)
def test_curl(name: str, expected: object, desk: Path, shop: Shop) -> None:
    tool("curl")
    assert '"status": "queued"' in play(name, ["sh"], desk, shop)
    assert bought(shop) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("text_openai.py", (CAT, "1280x720", "8", False)),
        ("image_openai.py", ("The cat starts walking slowly towards the camera", "1280x720", "8", True)),
        ("image_requests.py", ("角马吃甜甜圈", "720x1280", "4", True)),
        ("image_url_openai.py", ("The scene comes to life with gentle movement", "1280x720", "8", True)),
    ],
)
@pytest.mark.parametrize("version", ["openai==3.54.0", "openai==2.54.0"])
def test_python(
    name: str,
    expected: object,
    version: str,
    desk: Path,
    shop: Shop,
    images: str,
    python_with: Callable[..., Path],
) -> None:
    said = play(name, [python_with(version, "requests", "pillow")], desk, shop, images)
    assert "queued" in said
    assert bought(shop) == expected


@pytest.mark.parametrize(
    ("name", "tools", "command", "words"),
    [
        ("text.mjs", ["node"], ["node"], "Status: queued"),
        ("SoraVideoExample.java", ["java"], ["java"], '"status": "queued"'),
        ("text.go", ["go"], ["go", "run"], '"status": "queued"'),
        ("text.cs", ["mcs", "mono"], ["sh", "-c", MONO], '"status": "queued"'),
    ],
)
def test_other_languages(
    name: str, tools: list[str], command: list[str], words: str, desk: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in tools:
        tool(each)
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    assert words in play(name, command, desk, shop)
    assert bought(shop) == (CAT, "1280x720", "8", False)
