"""As many clients as the server admits, for an hour: does memory grow, does latency?

    python benchmark/serving/soak.py --minutes 60 --out soak.csv

Writes a row a minute (p50 and p95 of the round trip in milliseconds, the server's memory in MiB
with its decoders', frames) and draws both beside it, where matplotlib is installed. Clients and
server share the machine: run it while nothing else does.
"""

import argparse
import asyncio
import csv
import subprocess
import sys
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

from load import capacity, load, memory_mib  # noqa: E402

FIELDS = ("minute", "frames", "p50_ms", "p95_ms", "memory_mib")


def main() -> None:
    """Start a server, load it, write and draw what happened."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rate", type=float, default=10.0, help="frames a second and client")
    parser.add_argument("--model", default="landmark-ferplus")
    parser.add_argument("--out", type=Path, default=Path("out/soak.csv"))
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, Path(__file__).with_name("load.py"), "--serve"]
    with subprocess.Popen(
        [*command, "--model", arguments.model], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            rows = soak(server.stdout.readline().split()[1], server.pid, arguments)
        finally:
            server.terminate()
    draw(rows, arguments.out.with_suffix(".png"))


def soak(base: str, process_id: int, arguments: argparse.Namespace) -> list[dict]:
    """Run as many clients as are admitted, minute by minute, and return the rows."""
    address = base.replace("http", "ws") + "/live"
    asyncio.run(load(address, capacity(base), arguments.rate, 5.0))  # measures real frames
    clients, rows = capacity(base), []
    print(f"{clients} clients", flush=True)
    with open(arguments.out, "w", newline="") as file:
        table = csv.DictWriter(file, FIELDS)
        table.writeheader()
        for minute in range(arguments.minutes):
            tally = asyncio.run(load(address, clients, arguments.rate, 55.0))
            trips = 1000 * np.array(tally.round_trips)
            p50, p95 = np.percentile(trips, [50, 95]).round(1)
            memory = round(memory_of_all(process_id))
            rows.append(dict(zip(FIELDS, (minute, len(trips), p50, p95, memory), strict=True)))
            table.writerow(rows[-1])
            file.flush()
            print(*rows[-1].values(), flush=True)
    return rows


def memory_of_all(process_id: int) -> float:
    """Return the resident memory of a process and its children."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return memory_mib(process_id) + sum(memory_mib(int(child)) for child in children)


def draw(rows: list[dict], path: Path) -> None:
    """Draw latency and memory over time."""
    try:
        import matplotlib
    except ModuleNotFoundError:
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (latency, memory) = plt.subplots(2, 1, sharex=True, figsize=(7, 5))
    minutes = [row["minute"] for row in rows]
    latency.plot(minutes, [row["p50_ms"] for row in rows], label="p50")
    latency.plot(minutes, [row["p95_ms"] for row in rows], label="p95")
    latency.set_ylabel("round trip, ms")
    latency.legend()
    memory.plot(minutes, [row["memory_mib"] for row in rows])
    memory.set_ylabel("memory, MiB")
    memory.set_xlabel("minutes")
    for axes in (latency, memory):
        axes.set_ylim(0)
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
