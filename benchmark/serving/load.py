"""Many clients at once, over real WebSockets on this machine's loopback.

    python benchmark/serving/load.py --clients 8 --rate 10 --seconds 600
    python benchmark/serving/load.py --overload 10 --seconds 60

Each client sends a VGA frame when the last one is answered and its turn has come, as the page
does, and comes back after a refusal. Prints the round trip's p50 and p95, the server's memory
before and after, and how many connections were refused and how fast. With --overload it first
runs as many clients as the server admits, then so many times more, and compares.

The server runs in a process of its own; the clients share one, so on two cores they slow the
server down: the figures are an upper bound.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "webapp")]

from webapp_fakes import FakeRecognizer, frame, jpeg  # noqa: E402

from facelines.webapp.app import create_app  # noqa: E402
from facelines.webapp.server import Server, load_recognizers  # noqa: E402
from facelines.webapp.settings import Settings  # noqa: E402

WARM_UP_SECONDS = 5.0  # not counted: caches fill, allocators find their size


@dataclass
class Tally:
    """What the clients saw: round trips and refusals in seconds."""

    round_trips: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    admitted: int = 0
    counting: bool = False


def serve_in_this_process(model: str) -> None:
    """Run the server that is measured; prints its address."""
    recognizers = {"fake": FakeRecognizer("fake")} if model == "fake" else load_recognizers(model)
    settings = Settings(port=0, model=model)
    Server(create_app(recognizers, settings), settings).run()


async def client(address: str, rate: float, pictures: list[bytes], tally: Tally) -> None:
    """Send frames until cancelled, coming back when refused."""
    failures = 0
    while True:
        started = time.perf_counter()
        try:
            async with connect(address, compression=None) as socket:
                greeting = json.loads(await socket.recv())
                if greeting["type"] == "hello":
                    failures = 0
                    tally.admitted += 1
                    await converse(socket, rate, pictures, tally)
                elif tally.counting:
                    tally.refusals.append(time.perf_counter() - started)
        except (ConnectionClosed, OSError):
            pass
        failures += 1
        await asyncio.sleep(min(8.0, 3.0 * 1.5 ** min(failures, 3)) * random.uniform(0.75, 1.25))


async def converse(socket, rate: float, pictures: list[bytes], tally: Tally) -> None:
    """Send a frame every 1 / rate seconds, or when the last one is answered if that is later."""
    due = time.perf_counter() + random.random() / rate
    index = random.randrange(len(pictures))
    while True:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        started = time.perf_counter()
        await socket.send(pictures[index % len(pictures)])
        await socket.recv()
        ended = time.perf_counter()
        if tally.counting:
            tally.round_trips.append(ended - started)
        index += 1
        due = max(due + 1 / rate, ended)


async def load(address: str, clients: int, rate: float, seconds: float) -> Tally:
    """Run so many clients and return what they saw after the warm-up."""
    tally = Tally()
    pictures = [jpeg(frame(1, shift=(8 * np.sin(step / 5), 0.0))) for step in range(31)]
    tasks = [asyncio.create_task(client(address, rate, pictures, tally)) for _ in range(clients)]
    await asyncio.sleep(WARM_UP_SECONDS)
    tally.counting = True
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return tally


def memory_mib(process_id: int) -> float:
    """Return a process's resident memory."""
    for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no VmRSS for process {process_id}")


def capacity(base: str) -> int:
    """Return how many clients the server would admit now."""
    with urllib.request.urlopen(f"{base}/metrics") as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("facelines_capacity "):
                return int(float(line.split()[1]))
    raise RuntimeError("the server's metrics name no capacity")


def report(title: str, tally: Tally, seconds: float) -> float:
    """Print one run's figures and return its p95 in milliseconds."""
    trips = 1000 * np.array(tally.round_trips)
    p50, p95 = np.percentile(trips, [50, 95])
    print(
        f"{title}: {len(trips)} frames ({len(trips) / seconds:.1f}/s), "
        f"round trip p50 {p50:.1f} ms, p95 {p95:.1f} ms, admitted {tally.admitted}, "
        f"refused {len(tally.refusals)}"
    )
    if tally.refusals:
        slowest = 1000 * np.percentile(tally.refusals, 95)
        print(f"  a refusal takes {slowest:.1f} ms (95 %), with the connection")
    return float(p95)


def run(arguments: argparse.Namespace, base: str, process_id: int) -> None:
    """Measure a running server."""
    address = base.replace("http", "ws") + "/live"

    def measure(clients: int) -> Tally:
        return asyncio.run(load(address, clients, arguments.rate, arguments.seconds))

    if arguments.overload:
        asyncio.run(load(address, capacity(base), arguments.rate, 5.0))  # measures real frames
        admitted = capacity(base)
        normal = report(f"{admitted} clients", measure(admitted), arguments.seconds)
        offered = admitted * arguments.overload
        crowded = report(f"{offered} clients", measure(offered), arguments.seconds)
        print(f"p95 under overload / normal: {crowded / normal:.2f} (at most 2)")
        return
    asyncio.run(load(address, arguments.clients, arguments.rate, 5.0))
    before = memory_mib(process_id)
    report(f"{arguments.clients} clients", measure(arguments.clients), arguments.seconds)
    after = memory_mib(process_id)
    print(f"server memory {before:.0f} -> {after:.0f} MiB ({100 * (after / before - 1):+.1f} %)")


def main() -> None:
    """Start a server, measure it, stop it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rate", type=float, default=10.0, help="frames a second and client")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--overload", type=int, default=0, help="times the capacity to offer")
    parser.add_argument("--model", default=Settings.model, help="a released name, or 'fake'")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve_in_this_process(arguments.model)
        return
    command = [sys.executable, __file__, "--serve", "--model", arguments.model]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            base = server.stdout.readline().split()[1]
            run(arguments, base, server.pid)
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
