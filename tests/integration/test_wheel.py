"""The wheel and the source archive: what a stranger installs has all that it needs, and nothing that lay about."""

import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCHEMAS = {path.name for path in (ROOT / "schemas").glob("*.json")}
PROFILES = {path.name for path in (ROOT / "runner" / "provider" / "profiles").glob("*.yaml")}
CANARY = "sk-canary-0123456789"
LYING_ABOUT = (
    ".env",
    "runner/.env",
    "runner/manifest/.netrc",
    "runner/clips/renders/a.mp4",
    "runner/x.lock",
    "manifests/.env",
)
LOOK = """
import json, runner
from runner.manifest.schema import schema_folder
from runner.provider.profiles import load, names
from pathlib import Path
loaded = {name: load(name, beside=Path.cwd()).slots for name in names()}
print(json.dumps([runner.__file__, sorted(path.name for path in schema_folder().iterdir()), loaded]))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a wheel and a source archive, from a checkout in which private files lie about."""
    source = tmp_path_factory.mktemp("source") / "checkout"
    source.mkdir()
    for name in ("runner", "schemas", "manifests"):
        shutil.copytree(
            ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "renders", ".shotlock")
        )
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "constraints.txt", "Makefile", ".gitignore"):
        shutil.copy(ROOT / name, source)
    for name in LYING_ABOUT:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(CANARY)
    target = source.parent / "built"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(target)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return target


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def installed(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel was unpacked into, which is all that installing a pure wheel does."""
    folder = tmp_path_factory.mktemp("site-packages")
    wheel.extractall(folder)
    return folder


def python(*arguments: str, path: Path, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env={"PYTHONPATH": str(path)}, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_wheel_has_every_module_schema_and_profile(wheel: zipfile.ZipFile) -> None:
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "runner").rglob("*.py")}
    schemas = {f"runner/_schemas/{name}" for name in SCHEMAS}
    profiles = {f"runner/provider/profiles/{name}" for name in PROFILES}

    assert modules | schemas | profiles <= set(wheel.namelist())


def test_an_installed_wheel_finds_its_schemas_and_profiles(installed: Path, tmp_path: Path) -> None:
    place, schemas, profiles = json.loads(python("-c", LOOK, path=installed, cwd=tmp_path))

    assert Path(place).is_relative_to(installed)
    assert set(schemas) == SCHEMAS
    assert {f"{name}.yaml" for name in profiles} == PROFILES


def test_a_checkout_finds_its_schemas_and_profiles(tmp_path: Path) -> None:
    place, schemas, profiles = json.loads(python("-c", LOOK, path=ROOT, cwd=tmp_path))

    assert Path(place).is_relative_to(ROOT)
    assert set(schemas) >= SCHEMAS
    assert {f"{name}.yaml" for name in profiles} == PROFILES


def test_an_installed_wheel_checks_a_manifest(installed: Path) -> None:
    python("-m", "runner", "check", str(ROOT / "manifests" / "manifest.yaml"), path=installed, cwd=installed)


def test_the_wheel_installs_the_command(wheel: zipfile.ZipFile) -> None:
    (entry_points,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))

    assert "shotlock = runner.cli:main" in wheel.read(entry_points).decode()


def test_nothing_that_lay_about_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    strays = [name for name in wheel.namelist() if CANARY.encode() in wheel.read(name)]
    folders = {name.split("/")[0] for name in wheel.namelist()}

    assert strays == []
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {"runner"}


def test_nothing_that_lay_about_is_in_the_source_archive(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        files = {member.name: archive.extractfile(member) for member in archive.getmembers() if member.isfile()}
        strays = [name for name, data in files.items() if data and CANARY.encode() in data.read()]

    assert strays == []
    assert {name.split("/", 1)[1] for name in files} >= {f"schemas/{name}" for name in SCHEMAS} | {
        "Makefile",
        "LICENSE",
    }
