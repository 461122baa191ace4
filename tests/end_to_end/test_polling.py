"""Whole runs that poll, one after the other as a cron has them: what comes into the tables, and what is kept."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.store.feeds import read_feed_states
from schemas.state import FeedState
from tests.end_to_end.made_up import MANY_WORDS
from tests.pipeline.polling_hosts import Page, PollingHost, hosts
from tests.servers.server import Request
from tests.tables import manifests, rows

BEGAN = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone.utc)
HOUR = dt.timedelta(hours=1)


def text_of(name: str) -> str:
    """Of as many words as no two items share by chance; made up, and the same for a name each time."""
    generator = random.Random(name)
    return " ".join(generator.choice(MANY_WORDS) for _ in range(60))


def item(name: str, guid: str | None = None, url: str | None = None) -> str:
    given = "" if guid == "" else f"<guid isPermaLink='false'>{guid or name}</guid>"
    link = url or f"https://post.example/{name}"
    said = f"<title>Story {name}</title><link>{link}</link><description>{text_of(name)}.</description>"
    return f"<item>{said}{given}</item>"


def feed(*items: str, title: str = "Ellery Post") -> bytes:
    channel = f"<title>{title}</title><link>https://post.example/</link>"
    return f"<rss version='2.0'><channel>{channel}{''.join(items)}</channel></rss>".encode()


def run(out: Path, feeds: list[str], *options: str, at: dt.datetime | None = None) -> int:
    given = [part for address in feeds for part in ("--feeds", address)]
    moment = () if at is None else ("--now", at.isoformat())
    return main(
        ["run", *given, "--output", str(out), "--allow_private_hosts", "--host_gap_s", "0", "--entities", "none",
         "--progress", "off", "--workers", "1", "--max_dead_letter_share", "1", *moment, *options]
    )  # fmt: skip


def counts(out: Path) -> dict[str, int]:
    found: dict[str, int] = manifests(out)[-1]["counts"]
    return found


def states(out: Path) -> dict[str, FeedState]:
    return read_feed_states([str(path) for path in out.glob("_feeds/**/*.parquet")])


def titles(out: Path) -> Counter[str]:
    return Counter(row["title"] for row in rows(out, "articles"))


def test_a_page_and_its_feeds_over_some_runs(tmp_path: Path) -> None:
    """Found, kept, polled when due; what is not due is left, unless all is asked for."""
    page = b"<html><head><link rel='alternate' type='application/atom+xml' href='/feed'></head></html>"
    with hosts({"/": (200, page), "/feed": (200, feed(item("1")))}) as (host,):
        start = [host.url + "/"]
        assert run(tmp_path, start, at=BEGAN) == 0
        assert counts(tmp_path) | {"read": 1, "kept": 1, "dead_letter": 0} == counts(tmp_path)
        assert states(tmp_path)[host.url + "/feed"].found_at == host.url + "/"
        assert run(tmp_path, start, at=BEGAN + dt.timedelta(seconds=60)) == 0
        assert host.paths == ["/", "/feed"]
        assert manifests(tmp_path)[-1]["feeds_polled"] == 0
        host.pages["/feed"] = (200, feed(item("1"), item("2")))
        assert run(tmp_path, start, "--all_due", at=BEGAN + dt.timedelta(seconds=120)) == 0
        assert run(tmp_path, start, at=BEGAN + 24 * HOUR) == 0
        assert sorted(host.paths[2:]) == ["/", "/", "/feed", "/feed"]
        assert manifests(tmp_path)[-1]["feeds_polled"] == 2
    assert titles(tmp_path) == {"Story 1": 1, "Story 2": 1}
    assert rows(tmp_path, "articles")[0]["origin"]["feed_url"] == host.url + "/feed"
    assert main(["check", "--output", str(tmp_path)]) == 0


def test_guids_that_change_on_every_poll_double_nothing(tmp_path: Path) -> None:
    """From the first change on, though nobody can know of it then; the feed's health tells."""

    def changing(request: Request) -> tuple[int, bytes]:
        poll = len(host.asked)
        return (200, feed(*(item(str(number), guid=f"{poll}-{number}") for number in range(poll, poll + 5))))

    with hosts({"/feed": changing}) as (host,):
        for hours in range(4):
            assert run(tmp_path, [host.url + "/feed"], "--all_due", at=BEGAN + hours * HOUR) == 0
        (state,) = states(tmp_path).values()
    assert titles(tmp_path) == {f"Story {number}": 1 for number in range(1, 9)}
    assert rows(tmp_path, "duplicates") == []
    assert state.unstable_guids == "changing"
    last = [row for row in rows(tmp_path, "articles") if row["title"] == "Story 8"]
    assert "guid_unstable" in last[0]["warnings"]
    assert last[0]["origin"]["guid"] is None


def test_guids_that_are_not_unique_collapse_nothing(tmp_path: Path) -> None:
    """All items of such a feed are there, once, and the feed's health tells."""
    with hosts({"/feed": (200, feed(*(item(str(number), guid="0") for number in range(5))))}) as (host,):
        for hours in range(2):
            assert run(tmp_path, [host.url + "/feed"], "--all_due", at=BEGAN + hours * HOUR) == 0
            host.pages["/feed"] = (200, feed(*(item(str(number), guid="0") for number in range(1, 6))))
        (state,) = states(tmp_path).values()
    assert titles(tmp_path) == {f"Story {number}": 1 for number in range(6)}
    assert state.unstable_guids == "not-unique"


def test_sold_slots_are_marked(tmp_path: Path) -> None:
    """And their sites are not polled."""
    own = [item(str(number)) for number in range(5)]
    with hosts({}) as (elsewhere,):
        sold = [item("6", url="https://casino.net/play"), item("7", url=f"{elsewhere.url}/feed.xml")]
        with hosts({"/feed": (200, feed(*own, *sold))}) as (host,):
            assert run(tmp_path, [host.url + "/feed"]) == 0
        assert elsewhere.paths == []
    marked = {row["title"] for row in rows(tmp_path, "articles") if "offsite_link" in row["warnings"]}
    assert marked == {"Story 6"}
    assert len(states(tmp_path)) == 1


def test_one_item_in_ten_feeds_is_one_article(tmp_path: Path) -> None:
    """Ten were read, one was kept, and nine are accounted for."""
    pages: dict[str, Page] = {
        f"/{number}": (200, feed(item("1"), title=f"Ellery Post - {number}")) for number in range(10)
    }
    with hosts(pages) as (host,):
        assert run(tmp_path, [host.url + path for path in pages]) == 0
    found = counts(tmp_path)
    assert (found["read"], found["kept"]) == (10, 1)
    assert found["unchanged"] + found["duplicate"] == 9
    assert len(rows(tmp_path, "articles")) == 1


def test_a_server_that_says_unchanged_for_ever_loses_nothing(tmp_path: Path) -> None:
    """A day later all of it is asked for."""

    def lies(request: Request) -> tuple[object, ...]:
        if "if-none-match" in request.headers:
            return (304,)
        return (200, feed(*(item(str(number)) for number in range(len(host.asked)))), 'ETag: "1"')

    with hosts({"/feed": lies}) as (host,):
        for hours in (0, 1, 2, 25):
            assert run(tmp_path, [host.url + "/feed"], "--all_due", at=BEGAN + hours * HOUR) == 0
        assert [("if-none-match" in asked.headers) for asked in host.asked] == [False, True, True, False]
    assert len(titles(tmp_path)) == 4


HOSTILE = {
    "/bomb": (200, b"<!DOCTYPE rss [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]><rss><channel><title>&c;</title></channel>"),
    "/deep": (200, b"<rss><channel>" + b"<a>" * 100_000),
    "/page": (200, b"<html><body>Back soon</body></html>"),
    "/empty": (200, b""),
    "/binary": (200, bytes(range(256)) * 50),
    "/circle": (302, b"", "Location: /circle"),
    "/file": (302, b"", "Location: file:///etc/hostname"),
    "/missing": (404,),
    "/broken": (500,),
}  # fmt: skip


def test_a_hostile_feed_costs_its_own_dead_letter(tmp_path: Path) -> None:
    """While others are read; and again the next time, on record once."""
    with hosts({**HOSTILE, "/feed": (200, feed(item("1"), item("2")))}) as (host,):
        asked = [host.url + path for path in (*HOSTILE, "/feed")]
        assert run(tmp_path, asked, at=BEGAN) == 0
        first = counts(tmp_path)
        assert run(tmp_path, asked, "--all_due", at=BEGAN + 30 * HOUR) == 0
    assert first["dead_letter"] == len(HOSTILE)
    assert titles(tmp_path) == {"Story 1": 1, "Story 2": 1}
    letters = {row["origin_uri"].rpartition("/")[2]: row["reason"] for row in rows(tmp_path, "dead_letters")}
    assert set(letters) == {path[1:] for path in HOSTILE}
    assert letters["missing"] == "http-404"
    assert letters["circle"] == "redirect-loop"
    assert main(["check", "--output", str(tmp_path)]) == 0


def test_the_health_of_feeds_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Worst first, and without secrets."""
    pages: dict[str, Page] = {"/fine": (200, feed(item("1"))), "/gone": (410,), "/missing": (404,)}
    with hosts(pages) as (host,):
        secret = host.url.replace("http://", "http://me:secret@")
        assert run(tmp_path, [host.url + "/fine", secret + "/gone", host.url + "/missing"]) == 0
    capsys.readouterr()
    assert main(["feeds", "--output", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("3 feeds: ")
    flat = "".join(shown.split())
    assert flat.index("/gone") < flat.index("/missing") < flat.index("/fine")
    assert "secret" not in shown
    assert not any(b"secret" in path.read_bytes() for path in tmp_path.rglob("*.json"))
    assert "secret" not in repr(states(tmp_path))


def test_a_feed_of_a_host_that_rests_is_polled_by_a_later_run(tmp_path: Path) -> None:
    """Nothing is lost, and nobody asks before the time."""
    refusing: PollingHost
    with hosts({"/1": (503, b"", "Retry-After: 3600"), "/2": (200, feed(item("2")))}) as (refusing,):
        asked = [refusing.url + path for path in ("/1", "/2")]
        assert run(tmp_path, asked, at=BEGAN) == 0
        assert run(tmp_path, asked, "--all_due", at=BEGAN + 0.9 * HOUR) == 0
        assert refusing.paths == ["/1"]
        refusing.pages["/1"] = (200, feed(item("1")))
        assert run(tmp_path, asked, at=BEGAN + 1.1 * HOUR) == 0
        assert sorted(refusing.paths) == ["/1", "/1", "/2"]
    assert titles(tmp_path) == {"Story 1": 1, "Story 2": 1}
