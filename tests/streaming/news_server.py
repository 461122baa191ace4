"""Publishers of made-up news that goes on coming, in a process of their own: what streams are tried on.

    python -m tests.streaming.news_server --rate 20 --feeds 10

Each feed has an address of the loopback network, RSS 2.0 or Atom, with ETags and a max-age of a second; one takes its
time to answer; some answers are errors, come too late or break off. What is published is `newsroom`'s: the same for
the same seed. Prints one line of JSON once it serves: the feeds' addresses, and the address of the desk. Ends when its
standard input does. The desk has

    /published         what was shown since when, in order; /published/NUMBER: from a number on
    /dump              the same as documents
    /stats             what became of the polls
    /quiet             lets nothing more be published
    /leave/NUMBER      what was shown up to there may be replaced, or leave its feed: it has been kept

Options for those who poll it: `POLLING`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import datetime as dt
import hashlib
import itertools
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.streaming.newsroom import Entry, FeedLook, Newsroom, snapshots

_ROOT = Path(__file__).parents[2]

#: With these a feed is polled every second or two, whatever is known of it, and late answers are given up soon.
POLLING = (
    "--allow_private_hosts", "--min_poll_s", "1", "--max_poll_s", "2", "--host_gap_s", "0.1", "--fetch_timeout_s", "5",
)  # fmt: skip

#: How a poll may fail.
_FAULTS = ("500", "503", "torn", "late")


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """What is served, and how. Times are in seconds; shares from 0 to 1.

    rate: entries a second, in all feeds together. shown_s: how long an entry stays in its feed, unless it appears
    again. edit_after_s: how old the appearance of an item is at the least when it is edited or repeated, so that each
    text is shown for so long. error_share: of the polls that fail. late_s: how long those hang that fail by that.
    slow_s: what the last feed takes to answer. gone_after_s: when the feed before it answers 410 from then on; None for
    never. It publishes nothing more once what it has could not be shown for edit_after_s. wait: whether nothing is
    published before the first poll. by_leave: whether what is shown stays until it may go (`Serving.give_leave`): an
    edit of it waits for that long. So however long a fault lasts, nothing is lost that wasn't shown.
    """

    rate: float = 20.0
    feeds: int = 10
    seed: int = 7
    shown_s: float = 120.0
    edit_after_s: float = 60.0
    error_share: float = 0.03
    late_s: float = 7.0
    slow_s: float = 3.0
    gone_after_s: float | None = None
    wait: bool = False
    by_leave: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class _Shown:
    """An entry in its feed. number: in the order in which entries were shown. at: seconds since 1970."""

    entry: Entry
    number: int
    at: float


@dataclasses.dataclass
class _Host:
    """open: requests under way. most_open: at once, ever. ended_at: the last; least_gap_s: from there to the next."""

    open: int = 0
    most_open: int = 0
    ended_at: float | None = None
    least_gap_s: float | None = None

    def begin(self) -> None:
        now = time.monotonic()
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        if self.ended_at is not None:
            gap = now - self.ended_at
            self.least_gap_s = gap if self.least_gap_s is None else min(gap, self.least_gap_s)

    def end(self) -> None:
        self.open -= 1
        self.ended_at = time.monotonic()


@dataclasses.dataclass
class _Feed:
    look: FeedLook
    host: str
    entries: list[_Shown] = dataclasses.field(default_factory=list)
    #: Guid -> its last appearance.
    latest: dict[str, _Shown] = dataclasses.field(default_factory=dict)
    polled: list[tuple[float, str]] = dataclasses.field(default_factory=list)
    #: Number of what was shown -> when it was sent in a whole answer, for the first and for the last time.
    sent: dict[int, tuple[float, float]] = dataclasses.field(default_factory=dict)


class NewsServer:
    """The servers of all feeds, and the desk."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._draw = random.Random(terms.seed + 1)
        self.port = 0
        self.desk = "127.3.255.1"
        self.feeds: list[_Feed] = []
        self.hosts: dict[str, _Host] = {}
        self.began: float | None = None
        self._quiet_at: float | None = None
        self._started = asyncio.Event()
        self._news = self._newsroom().entries()
        self._count = 0
        #: What was shown up to this number may go.
        self._leave = -1
        self._waiting: list[Entry] = []

    def _newsroom(self) -> Newsroom:
        terms = self._terms
        gone = terms.gone_after_s
        return Newsroom(
            seed=terms.seed,
            feeds=terms.feeds,
            rate=terms.rate,
            edit_after_s=terms.edit_after_s,
            gone_feed=None if gone is None else self._gone_feed,
            silent_from_s=0.0 if gone is None else gone - terms.edit_after_s,
        )

    @property
    def _gone_feed(self) -> int:
        return max(0, self._terms.feeds - 2)

    async def serve(self) -> None:
        """Listens on all addresses, on one port."""
        # Two feeds to a host, but for the slow one, which would keep the other waiting.
        feeds = self._terms.feeds
        hosts = [f"127.3.0.{number // 2 + 1 if number < feeds - 1 else 254}" for number in range(feeds)]
        for _ in range(20):
            with socket.create_server((self.desk, 0)) as tried:
                self.port = tried.getsockname()[1]
            try:
                await asyncio.start_server(self._converse, [*sorted(set(hosts)), self.desk], self.port)
                break
            except OSError:
                continue
        else:
            raise RuntimeError("no port is free on all addresses")
        unknown = dt.datetime.fromtimestamp(0, dt.timezone.utc)
        for number, host in enumerate(hosts):
            address = f"http://{host}:{self.port}/feed/{number}"
            self.feeds.append(_Feed(FeedLook(number, address, unknown), host))
            self.hosts.setdefault(host, _Host())

    async def publish(self) -> None:
        """Publishes until it is told to be quiet; from the first poll on, where it has to wait for that."""
        if self._terms.wait:
            await self._started.wait()
        self.began = time.time()
        moment = dt.datetime.fromtimestamp(self.began, dt.timezone.utc)
        for feed in self.feeds:
            feed.look = dataclasses.replace(feed.look, began=moment)
        for entry in self._news:
            await asyncio.sleep(max(0.0, self.began + entry.at - time.time()))
            if self._quiet_at is not None:
                return
            self._waiting.append(entry)
            self._show_waiting()

    def _show_waiting(self) -> None:
        """Shows all that doesn't take the place of something which has to stay."""
        waiting, self._waiting = self._waiting, []
        held: set[str] = set()
        for entry in waiting:
            feed = self.feeds[entry.feed]
            if entry.guid in held or self._is_in_the_way(entry):
                held.add(entry.guid)
                self._waiting.append(entry)
                continue
            shown = _Shown(entry, self._count, time.time())
            self._count += 1
            feed.entries.append(shown)
            feed.latest[entry.guid] = shown

    def _is_in_the_way(self, entry: Entry) -> bool:
        """Whether an item's place is taken, or another text of it stands in the publisher's other feed."""
        for number in {entry.feed, min(entry.feed ^ 1, len(self.feeds) - 1)}:
            before = self.feeds[number].latest.get(entry.guid)
            is_other = before is not None and (
                number == entry.feed or before.entry.revision != entry.revision
            )
            if before is not None and is_other and self._must_stay(before):
                return True
        return False

    def _must_stay(self, shown: _Shown) -> bool:
        return self._terms.by_leave and shown.number > self._leave

    def _now(self) -> float:
        """Seconds since the beginning; once all is quiet time stands still, and nothing leaves its feed."""
        if self.began is None:
            return 0.0
        return (time.time() if self._quiet_at is None else self._quiet_at) - self.began

    def _shown(self, feed: _Feed) -> list[_Shown]:
        """What stands in a feed now, the newest first; each item once."""
        since = (self.began or 0.0) + self._now() - self._terms.shown_s
        found: dict[str, _Shown] = {}
        for shown in reversed(feed.entries):
            # No feed is ever empty that had anything.
            if shown.at >= since or len(found) < 5 or self._must_stay(shown):
                found.setdefault(shown.entry.guid, shown)
        return list(found.values())

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                path = head.split(" ", 2)[1]
                if path.startswith("/feed/"):
                    if not await self._answer(writer, self.feeds[int(path.rpartition("/")[2])], head):
                        break
                else:
                    told = self._told(path)
                    status = "404 Not Found" if told is None else "200 OK"
                    await _send(writer, status, json.dumps(told).encode(), "Content-Type: application/json")
        writer.close()

    def _told(self, path: str) -> Any:
        if path == "/quiet":
            self._quiet_at = self._quiet_at or time.time()
            return {}
        if path.startswith("/leave/"):
            self._leave = int(path.rpartition("/")[2])
            if self._quiet_at is None:
                self._show_waiting()
            return {}
        if path.startswith("/published"):
            return self.published(int(path.rpartition("/")[2] or 0) if path.count("/") > 1 else 0)
        return {"/dump": self.dump, "/stats": self.stats}.get(path, lambda: None)()

    async def _answer(self, writer: asyncio.StreamWriter, feed: _Feed, head: str) -> bool:
        """Answers one request for a feed; whether the connection can be used further."""
        self._started.set()
        terms, number = self._terms, feed.look.number
        host = self.hosts[feed.host]
        host.begin()
        if number == terms.feeds - 1:
            await asyncio.sleep(terms.slow_s)
        # Noted before it is sent: whoever asks may have read it before this process gets on. Who gives up on a late
        # answer may ask anew, too.
        host.end()
        fault = self._draw.choice(_FAULTS) if self._draw.random() < terms.error_share else None
        is_gone = terms.gone_after_s is not None and self._now() >= terms.gone_after_s
        if number == self._gone_feed and is_gone:
            await self._note(feed, writer, "410 Gone")
        elif fault == "late":
            feed.polled.append((time.time(), fault))
            await asyncio.sleep(terms.late_s)
            return False
        elif fault in ("500", "503"):
            await self._note(feed, writer, f"{fault} It happens")
        else:
            return await self._whole(writer, feed, head, is_torn=fault == "torn")
        return True

    async def _whole(self, writer: asyncio.StreamWriter, feed: _Feed, head: str, is_torn: bool) -> bool:
        shown = self._shown(feed)
        named = hashlib.blake2b(repr([one.number for one in shown]).encode(), digest_size=8).hexdigest()
        lines = (f'ETag: "{named}"', "Cache-Control: max-age=1", f"Content-Type: {feed.look.content_type}")
        if f'if-none-match: "{named}"' in head.lower():
            await self._note(feed, writer, "304 Not Modified", *lines)
            return True
        body = feed.look.document([one.entry for one in shown])
        if is_torn:
            feed.polled.append((time.time(), "torn"))
            head = "\r\n".join(["HTTP/1.1 200 OK", *lines, f"Content-Length: {len(body)}", "", ""])
            writer.write(head.encode() + body[: len(body) // 2])
            await writer.drain()
            return False
        now = time.time()
        feed.polled.append((now, "200"))
        await _send(writer, "200 OK", body, *lines)
        feed.sent.update({one.number: (feed.sent.get(one.number, (now,))[0], now) for one in shown})
        return True

    async def _note(self, feed: _Feed, writer: asyncio.StreamWriter, status: str, *lines: str) -> None:
        feed.polled.append((time.time(), status[:3]))
        await _send(writer, status, b"", *lines)

    def published(self, since: int = 0) -> list[dict[str, Any]]:
        """All that was ever shown, each appearance, in order; since: from that number on.

        shown_at, sent_at, last_sent_at: seconds since 1970; the latter two when it was sent in a whole answer for the
        first and for the last time, None where it never was. key: as `Entry.key`; equal ones are one revision.
        """
        told = []
        for feed in self.feeds:
            for shown in feed.entries:
                if shown.number < since:
                    continue
                entry = shown.entry
                sent_at, last_sent_at = feed.sent.get(shown.number, (None, None))
                told.append(
                    {
                        "number": shown.number, "kind": entry.kind, "feed": feed.look.address, "key": entry.key,
                        "is_article": entry.is_article, "revision": entry.revision,
                        "shown_at": shown.at, "sent_at": sent_at, "last_sent_at": last_sent_at,
                    }
                )  # fmt: skip
        return sorted(told, key=lambda one: int(one["number"]))

    def dump(self) -> list[dict[str, Any]]:
        """All that was ever shown as documents, feed by feed in the order of publishing."""
        return [{"feed": feed.look.number, "documents": self._documents(feed)} for feed in self.feeds]

    def _documents(self, feed: _Feed) -> list[str]:
        made = snapshots(feed.look, [shown.entry for shown in feed.entries])
        return [document.decode() for document in made]

    def stats(self) -> list[dict[str, Any]]:
        """Of each feed how it answered, when last, and the seconds between two polls: the middle ones, and the most.

        Of its host: the most requests at once, and the least seconds from the end of one to the beginning of the next.
        """
        found = []
        for feed in self.feeds:
            times = [at for at, _ in feed.polled]
            gaps = [after - before for before, after in itertools.pairwise(times)]
            answers = [how for _, how in feed.polled]
            found.append(
                {
                    "feed": feed.look.address, "entries": len(feed.entries),
                    "answers": {how: answers.count(how) for how in sorted(set(answers))},
                    "median_gap_s": round(statistics.median(gaps), 3) if gaps else None,
                    "longest_gap_s": round(max(gaps), 3) if gaps else None,
                    "polled_at": times[-1] if times else None,
                    "most_open": self.hosts[feed.host].most_open,
                    "least_gap_s": self.hosts[feed.host].least_gap_s,
                }
            )  # fmt: skip
        return found


async def _send(writer: asyncio.StreamWriter, status: str, body: bytes, *lines: str) -> None:
    head = [f"HTTP/1.1 {status}", *lines]
    if not status.startswith("304"):
        head.append(f"Content-Length: {len(body)}")
    writer.write("\r\n".join([*head, "", ""]).encode() + body)
    await writer.drain()


@dataclasses.dataclass(frozen=True, slots=True)
class Published:
    """One appearance of an item; see `NewsServer.published`."""

    number: int
    kind: str
    feed: str
    key: tuple[str, str, str]
    is_article: bool
    revision: int
    shown_at: float
    sent_at: float | None
    last_sent_at: float | None


@dataclasses.dataclass(frozen=True)
class Serving:
    """A server that serves. feeds: their addresses. desk: where it tells of itself."""

    feeds: Sequence[str]
    desk: str
    process: subprocess.Popen[str]

    def _ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.desk}/{path}", timeout=60) as answer:
            return json.load(answer)

    def published(self, since: int = 0) -> list[Published]:
        """All that was ever shown, in the order of publishing; since: from that number on."""
        told = self._ask(f"published/{since}")
        return [Published(**(one | {"key": tuple(one["key"])})) for one in told]

    def stats(self) -> list[dict[str, Any]]:
        """What became of the polls, feed by feed."""
        found: list[dict[str, Any]] = self._ask("stats")
        return found

    def give_leave(self, number: int) -> None:
        """Lets what was shown up to a number be replaced, or leave its feed."""
        self._ask(f"leave/{number}")

    def stop_publishing(self) -> None:
        """Lets nothing more be published; what stands in the feeds stays."""
        self._ask("quiet")

    def write_dump(self, folder: Path) -> Path:
        """Writes all that was ever shown as documents into a folder, for a run over files."""
        folder.mkdir(parents=True, exist_ok=True)
        for feed in self._ask("dump"):
            for number, document in enumerate(feed["documents"]):
                path = folder / f"feed{feed['feed']:02d}-{number:04d}.xml"
                path.write_text(document, encoding="utf-8")
        return folder

    def write_feeds(self, path: Path) -> Path:
        """Writes the feeds' addresses as a list for --feeds."""
        path.write_text("\n".join(self.feeds) + "\n", encoding="utf-8")
        return path


class Leave:
    """Finds out what may leave its feed: all that was shown before the first that isn't readable yet."""

    def __init__(self, served: Serving) -> None:
        self._served = served
        self._next = 0
        self._unread: dict[int, Published] = {}
        #: Feed -> the last of its entries that is readable.
        self._read: dict[str, int] = {}

    def give(self, readable: Collection[tuple[str, str, str]]) -> None:
        """readable: the keys of all revisions that can be read by now."""
        for one in self._served.published(self._next):
            self._next = one.number + 1
            self._unread[one.number] = one
        for number, one in self._unread.items():
            if one.is_article and one.key in readable:
                self._read[one.feed] = max(number, self._read.get(one.feed, -1))
        # What has no row was in one document with a later item that has.
        self._unread = {
            number: one
            for number, one in self._unread.items()
            if (one.key not in readable if one.is_article else self._read.get(one.feed, -1) < number)
        }
        self._served.give_leave(min(self._unread, default=self._next) - 1)


@contextlib.contextmanager
def news_server(terms: Terms) -> Iterator[Serving]:
    """A server in a process of its own, which serves while the block runs."""
    command = [sys.executable, "-m", "tests.streaming.news_server"]
    for field in dataclasses.fields(terms):
        value = getattr(terms, field.name)
        if isinstance(value, bool):
            command += [f"--{field.name}"] if value else []
        elif value is not None:
            command += [f"--{field.name}", str(value)]
    with subprocess.Popen(
        command,
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            said = json.loads(process.stdout.readline())
            yield Serving(said["feeds"], said["desk"], process)
        finally:
            process.stdin.close()
            process.kill()


async def _serve(terms: Terms) -> None:
    server = NewsServer(terms)
    await server.serve()
    loop = asyncio.get_running_loop()
    publishing = loop.create_task(server.publish())
    desk = f"http://{server.desk}:{server.port}"
    print(json.dumps({"feeds": [feed.look.address for feed in server.feeds], "desk": desk}), flush=True)  # noqa: T201
    # Whatever else standard input says is of no interest: its end is.
    while await loop.run_in_executor(None, sys.stdin.readline) != "":
        pass
    publishing.cancel()


def main() -> None:
    """Serves until standard input ends."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for field in dataclasses.fields(Terms):
        if isinstance(field.default, bool):
            parser.add_argument(f"--{field.name}", action="store_true")
        else:
            type_ = int if field.name in ("feeds", "seed") else float
            parser.add_argument(f"--{field.name}", type=type_, default=field.default)
    asyncio.run(_serve(Terms(**vars(parser.parse_args()))))
    os._exit(0)


if __name__ == "__main__":
    main()
