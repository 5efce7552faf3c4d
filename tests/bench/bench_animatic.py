"""How many times faster than real time animatics are made, on one core; run by hand as a script."""

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from runner.sandbox.animatic import AnimaticSpec, render

REFERENCE = Path(__file__).parents[2] / "manifests" / "refs" / "lighthouse.jpg"
ROUNDS = 5
CASES = {
    "landscape, drawn": AnimaticSpec(prompt="A harbour at dawn", width=1280, height=720, seconds=8, shot="harbour"),
    "landscape, city": AnimaticSpec(prompt="An alley in the city at night", width=1280, height=720, seconds=8),
    "landscape, reference": AnimaticSpec(
        prompt="The lighthouse", width=1280, height=720, seconds=8, reference=REFERENCE.read_bytes()
    ),
    "portrait, 4 s": AnimaticSpec(prompt="Mist in the forest", width=720, height=1280, seconds=4),
    "landscape, 12 s": AnimaticSpec(prompt="A field of snow", width=1280, height=720, seconds=12),
    "full HD, 8 s": AnimaticSpec(prompt="A desert", width=1920, height=1080, seconds=8),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "clip.mp4")
        render(AnimaticSpec(prompt="warm up", width=320, height=180, seconds=1), target)
        for name, spec in CASES.items():
            taken = [seconds_for(spec, target) for _ in range(ROUNDS)]
            best, median = min(taken), statistics.median(taken)
            size = target.stat().st_size / 1e6
            print(
                f"{name:22} {best:5.2f} s best, {median:5.2f} s median, {spec.seconds / median:5.1f} x, {size:.2f} MB"
            )


def seconds_for(spec: AnimaticSpec, target: Path) -> float:
    start = time.process_time()  # of the processor: what other processes take does not count
    render(spec, target)
    return time.process_time() - start


if __name__ == "__main__":
    main()
