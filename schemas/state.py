"""What is remembered between runs. Each record says when it is saved, what a stop loses, and what bounds it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any, Literal

FeedStatus = Literal["active", "gone", "retired"]


@dataclasses.dataclass(frozen=True, slots=True)
class StagedFile:
    """A file that a run has written under its staging folder and wants to have at `target`.

    staged, target: paths relative to OUT, with forward slashes.
    table: of `schemas.tables.TABLES`, "index/<name>", "feeds" or "feeds/hosts".
    rows, bytes: of the file as written.
    hash: "h1" and 128 bits of BLAKE2b, in hex, of the file's bytes. None until the commit fills it in, and in
    manifests from before it was kept.
    """

    staged: str
    target: str
    table: str
    rows: int
    bytes: int
    hash: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class DeadLetterExample:
    """One reason for dead letters in a run, how many had it, and one of them for a person to look at."""

    stage: str
    reason: str
    count: int
    detail: str


@dataclasses.dataclass(frozen=True, slots=True)
class Counts:
    """What became of every input item of a run: read = kept + duplicate + unchanged + dead_letter, exactly.

    read: items that the sources held (a file that can't be read or parsed counts as one).
    kept, duplicate, dead_letter: items; `kept` and `duplicate` are also the rows written.
    unchanged: items met before, or twice in this run, with nothing changed; written nowhere.
    dead_letter_known: those among dead_letter that an earlier run has on record already, so written nowhere.
    regrouped: articles of earlier runs that belong to another group since; no items.
    """

    read: int = 0
    kept: int = 0
    duplicate: int = 0
    unchanged: int = 0
    dead_letter: int = 0
    dead_letter_known: int = 0
    regrouped: int = 0

    def balanced(self) -> bool:
        """Whether every item read is accounted for."""
        return self.read == self.kept + self.duplicate + self.unchanged + self.dead_letter


@dataclasses.dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the input of a series of runs: what is before it belongs to earlier chunks.

    file: place in the list of files, in its order.
    offset: bytes into that file, once decompressed; always where a line begins. line: that line's 0-based number.
    stored: bytes of the file, as stored, that lie before; roughly, for progress only.
    """

    file: int = 0
    offset: int = 0
    line: int = 0
    stored: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Series:
    """Which part of a larger run a run is: one chunk of its input, committed by itself.

    Saved in the manifest of each chunk. A stop loses the chunk in hand; the next start of the same run goes on with
    it. Bounded by the input: a chunk has one.

    series_id: the larger run's id. number: of this chunk, from 1. `begin` to `next`: its part of the input; `next`
    is None for the last chunk.
    signature: of what the larger run was to do and of its list of files (`store.series.signature_of`). Where it changes
    from one chunk to the next, the run was begun anew over other input.
    now: the one time of all chunks.
    """

    series_id: str
    number: int
    signature: str
    now: dt.datetime
    begin: Cursor
    next: Cursor | None


@dataclasses.dataclass(frozen=True, slots=True)
class WindowSpan:
    """Which window of a stream a run is: what was fetched from `start` to before `end`, in UTC.

    Saved in its manifest. Windows of one stream may overlap: what is replayed after a fault comes in others.

    stream_id: of the stream, over all its restarts by the engine.
    """

    stream_id: str
    start: dt.datetime
    end: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """`_runs/RUN.json`: what a run did. A run exists once this does.

    Saved as the commit's last step. A stop before it leaves a journal that the next start completes.
    One per run; never changed afterwards.

    options: the run's own settings, as given (no credentials).
    versions: name -> version of newsbeam, Python and the libraries that shape the data.
    files: the committed files, `target` paths relative to OUT; `staged` is kept for tracing.
    removed: index and state files, relative to OUT, that this run replaced.
    timings: name -> seconds.
    feeds_polled: feeds that were asked for, whatever they answered.
    series: of a run that is one of several chunks, which.
    window: of a run that is a window of a stream, which.
    """

    run_id: str
    schema_version: int
    started_at: dt.datetime
    committed_at: dt.datetime
    options: dict[str, Any]
    versions: dict[str, str]
    counts: Counts
    files: tuple[StagedFile, ...]
    removed: tuple[str, ...] = ()
    dead_letters: tuple[DeadLetterExample, ...] = ()
    timings: dict[str, float] = dataclasses.field(default_factory=dict)
    feeds_polled: int = 0
    series: Series | None = None
    window: WindowSpan | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class FeedState:
    """What we know of one feed address between polls.

    Saved with the run that polled it, in `_feeds`; a run that stops before its commit forgets its polls and
    polls again. Bounded by the number of feeds ever asked for. Times are aware, in UTC.

    url: the address as given, without credentials; the key, which never changes.
    etag, last_modified: validators of the last full answer, sent back as they came.
    body_hash: of the last full body, for servers that send no validators or wrong ones.
    checked_at, changed_at: last answer of any kind; last new body.
    failures: failed polls in a row. last_error: why the last one failed; None where it didn't.

    fetch_url: where it is asked for since it moved for good; None is `url`.
    moved_to, moved_polls: the address that a permanent redirect names, and on how many polls running.
    added_at, succeeded_at, full_at: first poll; last answer that was no failure; last full body.
    next_poll_at: not to be polled before; None is at once.
    interval_s: seconds from the last poll to the next, as decided then.
    status: "active"; "gone", after a 410; "retired", as it stands still. Only active ones are polled.
    last_status: of the last answer; None where there was none.
    polls: in all. bytes_fetched: on the wire, in all. bytes_saved: that full answers would have cost where there was
    a short one. body_bytes: of the last full answer, on the wire.
    unchanged_fulls: share of the last full answers that brought nothing new, from 0 to 1.
    distrusted_until: until then no validators are sent, since the server was caught saying 304 to a changed feed.
    denied_changes: full answers in a row with items that a 304 before them had denied.

    items_seen: new items, in all. newest_item_at: the latest time stated by one. items_per_day: a running estimate.
    window_items: those in the last full document. overflows: how often all of those were new, so that some may have
    left it unseen.
    profile: weights of when there was news, which fade: by ten minutes of the day (144) and weekday from Monday (7),
    in UTC; empty before the first full answer. profile_at: as of when. concentration: how far it keeps to few of the
    144, as `rhythm` finds. observed_h, observed_items: hours watched and items in them, fading alike.
    late_share: share of the polls with news whose items state times from before the poll that preceded.

    ttl_s, update_period_s: what the feed says, in seconds. max_age_s: what its server says.
    skip_hours: 0 to 23, UTC. skip_days: 0 to 6 from Monday. When the feed asks not to be polled.
    title, hub_url, self_url: as the feed says. hub_url is WebSub's.
    unstable_guids: "changing" or "not-unique" where the feed's guids tell nothing. item_names: of the items of the last
    document that was parsed, see `polling.guids`.
    found_at: the page or index that names the feed, where it wasn't given; it is polled as long as that is.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    checked_at: dt.datetime | None = None
    changed_at: dt.datetime | None = None
    failures: int = 0
    last_error: str | None = None
    fetch_url: str | None = None
    moved_to: str | None = None
    moved_polls: int = 0
    added_at: dt.datetime | None = None
    succeeded_at: dt.datetime | None = None
    full_at: dt.datetime | None = None
    next_poll_at: dt.datetime | None = None
    interval_s: float | None = None
    status: FeedStatus = "active"
    last_status: int | None = None
    polls: int = 0
    bytes_fetched: int = 0
    bytes_saved: int = 0
    body_bytes: int | None = None
    unchanged_fulls: float = 0.0
    distrusted_until: dt.datetime | None = None
    denied_changes: int = 0
    items_seen: int = 0
    newest_item_at: dt.datetime | None = None
    items_per_day: float | None = None
    window_items: int | None = None
    overflows: int = 0
    profile: tuple[float, ...] = ()
    profile_at: dt.datetime | None = None
    concentration: float | None = None
    observed_h: float = 0.0
    observed_items: float = 0.0
    late_share: float = 0.0
    ttl_s: int | None = None
    update_period_s: int | None = None
    max_age_s: int | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    title: str | None = None
    hub_url: str | None = None
    self_url: str | None = None
    unstable_guids: str | None = None
    item_names: bytes = b""
    found_at: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class FeedNames:
    """What a parsed document of a feed tells of its guids.

    url: of the feed's state. names: `FeedState.item_names`. are_shared: whether several items had one guid.
    """

    url: str
    names: bytes
    are_shared: bool


@dataclasses.dataclass(frozen=True, slots=True)
class HostState:
    """What we know of one host between polls: what all of its feeds and pages share.

    Saved with the feeds' states, in `_feeds/hosts`, and lost with them where a run stops before its commit: then
    a host may be asked once more than it wished, by the next run. Bounded by the hosts asked within a month
    (`polling.hosts.kept_hosts`). Times are aware, in UTC.

    host: lower case, with the port where it is not the scheme's own; the key.
    not_before: no request before this, as a Retry-After wished.
    last_request_at: when the last request ended.
    robots_at: when robots.txt was last asked for; None where it never was. robots_status: the answer's status, None
    where there was none. robots_body: of a 200, at most 500 KiB. crawl_delay_s: what it asks of us.
    """

    host: str
    not_before: dt.datetime | None = None
    last_request_at: dt.datetime | None = None
    robots_at: dt.datetime | None = None
    robots_status: int | None = None
    robots_body: str | None = None
    crawl_delay_s: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class StreamLease:
    """Which stream works in an OUT, and where it is to be found: `OUT/_stream/lease.json`.

    Saved before the job is submitted, without `flink_job_id`, and again once the engine has the job: a launcher that
    is killed in between leaves a lease by which the job is found under its name. Deleted when the stream has ended.
    What a killed launcher leaves is judged by the next start, which asks the engine. There is never more than one.

    stream_id: this stream's; made like a run's.
    started_at: aware, UTC.
    runner: Beam's runner as it was typed.
    job_name: of the job on the engine; no two streams have the same.
    window_s: length of its windows, in seconds.
    launcher_pid, launcher_host: the process that started it, whether it lives or not.
    flink_rest: the address of Flink's REST API, http://HOST:PORT. None where the engine isn't Flink, or no address
    was to be had.
    flink_job_id: 32 hex digits; None before it is known.
    job_endpoint: HOST:PORT of the job server that the job was given to; None where Beam starts its own.
    prism_pid, prism_mark: the process of Prism on the launcher's host, and what tells it from a later process with
    the same number (`pipeline.stream.processes`); None where the engine isn't ours to end.
    """

    stream_id: str
    started_at: dt.datetime
    runner: str
    job_name: str
    window_s: float
    launcher_pid: int
    launcher_host: str
    flink_rest: str | None = None
    flink_job_id: str | None = None
    job_endpoint: str | None = None
    prism_pid: int | None = None
    prism_mark: str | None = None
