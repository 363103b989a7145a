"""How long `libqa ask` takes from a cold shell, beside `import llama_index.core`, on this machine.

    python eval/bench_startup.py [--index DIR] [--runs 5] [--json]

Without --index an index of corpus/ is built in a temporary directory first. The commands take turns, each in a process
of its own; the least of the runs counts, because everything that disturbs a run makes it longer.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUESTION = "2023年的专家论坛是在哪里举行的？"


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    status = subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode
    if status not in (0, 3):  # 3: answered that the documents do not say
        raise SystemExit(f"{' '.join(command)} ended with {status}")
    return time.perf_counter() - began


def measure(index: str, runs: int) -> dict[str, float]:
    commands = {
        "python": [sys.executable, "-c", "pass"],
        "import libqa": [sys.executable, "-c", "import libqa"],
        "import llama_index.core": [sys.executable, "-c", "import llama_index.core"],
        "libqa ask": [sys.executable, "-m", "libqa", "ask", QUESTION, "--index", index],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs + 1):  # the first round fills the disk cache and does not count
        for name, command in commands.items():
            taken[name].append(seconds(command))
    least = {name: min(times[1:]) for name, times in taken.items()}
    least["import libqa"] -= least["python"]
    least["ratio"] = least["libqa ask"] / least["import llama_index.core"]
    return least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        index = options.index
        if index is None:
            index = os.path.join(scratch, "index")
            build = [sys.executable, "-m", "libqa", "build", str(ROOT / "corpus"), "--index", index]
            subprocess.run(build, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        result = measure(index, options.runs)
    if options.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:26} {value:6.2f}" + ("" if name == "ratio" else " s"))


if __name__ == "__main__":
    main()
