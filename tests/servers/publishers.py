"""Many publishers in one process of their own: hosts of the loopback network, each with feeds that may go on growing.

    python -m tests.servers.publishers --hosts 200 --feeds 10 --items 5

Prints one line of JSON once it serves: the addresses of all feeds, and of the page that tells what was published and
what was noted of those who asked. Ends when its standard input does. Names, texts and places are made up.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.end_to_end.made_up import MANY_WORDS

_ROOT = Path(__file__).parents[2]


@dataclasses.dataclass
class Feed:
    """items: all that it ever published, as XML. served: how often it was sent whole, and how often as unchanged."""

    name: str
    host: str
    items: list[str] = dataclasses.field(default_factory=list)
    guids: list[str] = dataclasses.field(default_factory=list)
    served: list[int] = dataclasses.field(default_factory=lambda: [0, 0])

    def publish(self, generator: random.Random, now: float) -> None:
        """Adds one item."""
        guid = f"{self.name}-{len(self.guids)}"
        text = " ".join(generator.choice(MANY_WORDS) for _ in range(60))
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(now))
        self.guids.append(guid)
        self.items.append(
            f"<item><title>Story {escape(guid)} of {generator.choice(MANY_WORDS)}</title>"
            f"<link>https://{self.name.partition('-')[0]}.example/{guid}</link>"
            f'<guid isPermaLink="false">{guid}</guid><pubDate>{date}</pubDate>'
            f"<description>{text}.</description></item>"
        )

    def document(self, window: int) -> bytes:
        """RSS with its newest items."""
        return (
            '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
            f"<title>{self.name}</title><link>https://{self.name.partition('-')[0]}.example/</link>"
            f"<description>Made up</description>{''.join(reversed(self.items[-window:]))}</channel></rss>"
        ).encode()


@dataclasses.dataclass
class Host:
    """What was noted of those who asked: begin and end of each request, seconds of one clock; how many at once."""

    times: list[tuple[float, float]] = dataclasses.field(default_factory=list)
    open: int = 0
    most_open: int = 0


class Publishers:
    """The servers. Each connection is one conversation, with as many requests as its client likes."""

    def __init__(self, hosts: int, feeds: int, items: int, window: int, delay_s: float, seed: int) -> None:
        self.addresses = [f"127.1.{number // 250}.{number % 250 + 1}" for number in range(hosts)]
        self.hosts = {address: Host() for address in self.addresses}
        self._window = window
        self._delay_s = delay_s
        self._generator = random.Random(seed)
        self.feeds: dict[tuple[str, str], Feed] = {}
        for place, address in enumerate(self.addresses):
            for number in range(feeds):
                feed = Feed(f"made{seed}x{place}-{number}", address)
                self.feeds[address, f"/feed/{number}"] = feed
                for age in range(items, 0, -1):
                    feed.publish(self._generator, time.time() - 60 * age)
        self.port = 0

    async def serve(self) -> None:
        """Listens on all addresses, on one port."""
        for _ in range(20):
            with socket.create_server((self.addresses[0], 0)) as tried:
                self.port = tried.getsockname()[1]
            try:
                await asyncio.start_server(self._converse, self.addresses, self.port, backlog=256)
                return
            except OSError:
                continue
        raise RuntimeError("no port is free on all addresses")

    async def publish(self, every_s: float) -> None:
        """Goes on publishing, an item at a time, in one feed or another, until it is cancelled."""
        feeds = list(self.feeds.values())
        while True:
            await asyncio.sleep(every_s)
            self._generator.choice(feeds).publish(self._generator, time.time())

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = writer.get_extra_info("sockname")[0]
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                path = head.split(" ", 2)[1]
                if path == "/_told":
                    await self._send(writer, "200 OK", json.dumps(self.told()).encode())
                    continue
                host = self.hosts[address]
                began = time.monotonic()
                host.open += 1
                host.most_open = max(host.most_open, host.open)
                await asyncio.sleep(self._delay_s)
                # Noted before it is sent: whoever asks may have read it before this process gets on.
                host.open -= 1
                host.times.append((began, time.monotonic()))
                await self._answer(writer, self.feeds.get((address, path)), head)
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, feed: Feed | None, head: str) -> None:
        if feed is None:
            await self._send(writer, "404 Not Found", b"")
            return
        etag = f'"{len(feed.items)}"'
        asked = [line.partition(": ")[2] for line in head.split("\r\n") if line.lower().startswith("if-none")]
        is_known = asked == [etag]
        feed.served[is_known] += 1
        if is_known:
            await self._send(writer, "304 Not Modified", b"", f"ETag: {etag}")
        else:
            kind = "Content-Type: application/rss+xml"
            await self._send(writer, "200 OK", feed.document(self._window), f"ETag: {etag}", kind)

    async def _send(self, writer: asyncio.StreamWriter, status: str, body: bytes, *lines: str) -> None:
        head = [f"HTTP/1.1 {status}", *lines]
        if not status.startswith("304"):
            head.append(f"Content-Length: {len(body)}")
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        await writer.drain()

    def told(self) -> dict[str, Any]:
        """What was published, and what was noted.

        gap_s: the least time from the end of one request at a host to the beginning of the next. most_open: the most
        requests that were ever open at one host at once.
        """
        gaps = [
            after[0] - before[1]
            for host in self.hosts.values()
            for before, after in zip(host.times, host.times[1:], strict=False)
        ]
        return {
            "guids": [guid for feed in self.feeds.values() for guid in feed.guids],
            "whole": sum(feed.served[0] for feed in self.feeds.values()),
            "unchanged": sum(feed.served[1] for feed in self.feeds.values()),
            "requests": sum(len(host.times) for host in self.hosts.values()),
            "most_open": max(host.most_open for host in self.hosts.values()),
            "gap_s": min(gaps, default=None),
        }


@dataclasses.dataclass(frozen=True)
class Running:
    """Publishers that serve. feeds: their addresses."""

    feeds: Sequence[str]
    told_at: str
    process: subprocess.Popen[str]

    def told(self) -> dict[str, Any]:
        """See `Publishers.told`; of now."""
        with urllib.request.urlopen(self.told_at, timeout=60) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def stop_publishing(self) -> None:
        """Lets nothing more be published, and comes back once that is so."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("quiet\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "quiet\n"


@contextlib.contextmanager
def publishers(
    hosts: int,
    feeds: int,
    items: int,
    *,
    window: int = 100_000,
    publish_every_s: float | None = None,
    delay_s: float = 0.0,
    seed: int = 1,
) -> Iterator[Running]:
    """Publishers in a process of their own, which serve while the block runs.

    feeds: of each host. items: of each feed at the beginning. window: the newest so many are served.
    publish_every_s: seconds between two items that are published meanwhile, anywhere. delay_s: before each answer.
    """
    command = [
        sys.executable, "-m", "tests.servers.publishers", "--hosts", hosts, "--feeds", feeds, "--items", items,
        "--window", window, "--delay_s", delay_s, "--seed", seed,
    ]  # fmt: skip
    if publish_every_s is not None:
        command += ["--publish_every_s", publish_every_s]
    with subprocess.Popen(
        [str(part) for part in command],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            said = json.loads(process.stdout.readline())
            yield Running(said["feeds"], said["told_at"], process)
        finally:
            process.stdin.close()
            process.kill()


async def _serve(arguments: argparse.Namespace) -> None:
    made = Publishers(
        arguments.hosts, arguments.feeds, arguments.items, arguments.window, arguments.delay_s, arguments.seed
    )
    await made.serve()
    loop = asyncio.get_running_loop()
    publishing = None
    if arguments.publish_every_s is not None:
        publishing = loop.create_task(made.publish(arguments.publish_every_s))
    feeds = [f"http://{address}:{made.port}{path}" for address, path in made.feeds]
    told_at = f"http://{made.addresses[0]}:{made.port}/_told"
    print(json.dumps({"feeds": feeds, "told_at": told_at}), flush=True)  # noqa: T201
    while (line := await loop.run_in_executor(None, sys.stdin.readline)) != "":
        if publishing is not None:
            publishing.cancel()
        print(line, end="", flush=True)  # noqa: T201


def main() -> None:
    """Serves until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("hosts", "feeds", "items", "seed"):
        parser.add_argument(f"--{name}", type=int, default=1)
    parser.add_argument("--window", type=int, default=100_000)
    parser.add_argument("--delay_s", type=float, default=0.0)
    parser.add_argument("--publish_every_s", type=float)
    asyncio.run(_serve(parser.parse_args()))
    os._exit(0)


if __name__ == "__main__":
    main()
