"""The whole suite on httpx2, the maintained fork of httpx: `python -m tests.third_party.on_httpx2 [PYTEST ARGUMENTS]`.

It has the same surface. In an environment of its own, `httpx` is a module of one line that stands for it, so that every
process of the tests uses it and nothing in the program knows.
"""

import subprocess
import sys

from tests.acceptance.desk import ROOT

_HOME = ROOT / ".venv" / "third-parties" / "httpx2"
_SHIM = "import sys\n\nimport httpx2\n\nsys.modules[__name__] = httpx2\n"


def main() -> int:
    python = _HOME / "bin" / "python"
    if not (_HOME / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(_HOME)], check=True)
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run(
            [*pip, "install", "-c", "constraints.txt", "-r", ".venv/dev.txt", "-e", ".[preview]"], cwd=ROOT, check=True
        )
        subprocess.run([*pip, "uninstall", "-y", "httpx"], check=True)
        subprocess.run([*pip, "install", "httpx2>=2.12"], check=True)
        (site,) = _HOME.glob("lib/python3*/site-packages")
        (site / "httpx.py").write_text(_SHIM)
        (_HOME / "ready").touch()
    told = "import httpx; print(f'{httpx.__name__} {httpx.__version__}')"
    print(subprocess.run([python, "-c", told], capture_output=True, text=True, check=True).stdout.strip())
    arguments = sys.argv[1:] or ["--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadfile"]
    return subprocess.run([python, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
