"""Which feeds a run polls, and what is kept of them afterwards."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pipeline.files import list_files
from pipeline.store.feeds import read_feed_states
from pipeline.store.hosts import read_host_states
from pipeline.store.layout import Layout
from pipeline.store.manifest import read_manifest
from schemas.sources import FeedRequest, HostQueue
from schemas.staged import RunSummary
from schemas.state import FeedNames, FeedState, HostState
from transforms.functions.polling.guids import unstable_guids
from transforms.functions.polling.hosts import host_of, kept_hosts, merged
from transforms.functions.polling.plan import due
from transforms.functions.polling.volume import HISTORY, RunCount, fewer_than_usual
from transforms.functions.urls import redact_credentials, with_credentials_of

#: A feed that a page or an index once named is forgotten so long after it retired, was gone or last answered: sitemaps
#: with new addresses every day would else pile up for ever.
FOUND_KEPT = dt.timedelta(days=30)

#: No more feeds are remembered that one page or index has named.
MAX_FOUND = 2_000


def feed_requests(addresses: Iterable[str], states: Mapping[str, FeedState]) -> list[FeedRequest]:
    """What to ask for at each address, and at those that they have led to, with what is known of each.

    states: by address without credentials. Addresses that differ in nothing else share one; see `FeedRequest`.
    """
    shown = {address: redact_credentials(address) for address in addresses}
    sharing = Counter(shown.values())
    found_at: dict[str, list[str]] = defaultdict(list)
    for state in states.values():
        if state.found_at is not None:
            found_at[state.found_at].append(state.url)
    requests = [
        FeedRequest(
            address,
            states.get(key) or FeedState(key),
            shares_state=sharing[key] > 1,
            known=tuple(sorted(found_at.get(key, ()))),
        )
        for address, key in shown.items()
    ]
    asked = set(sharing)
    for request in requests:
        # The list grows while it is gone through: what was found may itself have led further.
        for url in request.known:
            if url not in asked:
                asked.add(url)
                address = with_credentials_of(request.address, url)
                known = tuple(sorted(found_at.get(url, ())))
                requests.append(FeedRequest(address, states[url], known=known, depth=request.depth + 1))
    return requests


def host_queues(
    requests: Iterable[FeedRequest], hosts: Mapping[str, HostState], now: dt.datetime, all_due: bool
) -> list[HostQueue]:
    """The requests that are due, by the host that each is to be asked of; those that waited longest first.

    An address without a host is in the queue of none: for the poll to refuse, with a reason.
    """
    by_url: dict[str, list[FeedRequest]] = defaultdict(list)
    for request in requests:
        by_url[request.state.url].append(request)
    queues: dict[str, list[FeedRequest]] = defaultdict(list)
    for state in due((requests[0].state for requests in by_url.values()), now, all_due, hosts):
        for request in by_url[state.url]:
            try:
                name = host_of(state.fetch_url or request.address)
            except ValueError:
                name = ""
            queues[name].append(request)
    return [
        HostQueue(hosts.get(name) or HostState(name), tuple(waiting))
        for name, waiting in sorted(queues.items())
    ]


def resting_hosts(
    hosts: Mapping[str, HostState], queues: Iterable[HostQueue], now: dt.datetime
) -> tuple[HostState, ...]:
    """Hosts without a queue that wish to be left alone, without what else is known of them."""
    queued = {queue.host.host for queue in queues}
    return tuple(
        HostState(host.host, not_before=host.not_before)
        for name, host in sorted(hosts.items())
        if name not in queued and host.not_before is not None and host.not_before > now
    )


def read_states(layout: Layout) -> tuple[dict[str, FeedState], dict[str, HostState]]:
    """What is known of feeds and of hosts, by address and by name."""
    kept = [info.path for info in list_files(layout.feeds_dir) if info.path.endswith(".parquet")]
    return read_feed_states(kept), read_host_states(kept)


def fewer_items_note(
    layout: Layout, committed: Iterable[str], now: dt.datetime, new_items: int
) -> str | None:
    """A line where a run that polled found far fewer items than that hour usually brings.

    committed: ids of the runs before it. Runs are told by the time in their ids, so that only those that count are
    read; one with an id of its owner's choice doesn't.
    """
    history = []
    for run_id in committed:
        began = _time_in(run_id)
        if began is None or not dt.timedelta(0) <= now - began <= HISTORY + _HOUR:
            continue
        if (now - began) % dt.timedelta(days=1) < _HOUR:
            manifest = read_manifest(layout, run_id)
            if manifest.feeds_polled and manifest.window is None:
                history.append(RunCount(began, manifest.counts.kept + manifest.counts.duplicate))
    return fewer_than_usual(history, now, new_items)


_HOUR = dt.timedelta(hours=1)
_RUN_TIME = re.compile(r"(\d{8}T\d{6})\.\d+Z")


def _time_in(run_id: str) -> dt.datetime | None:
    found = _RUN_TIME.match(run_id)
    if found is None:
        return None
    try:
        return dt.datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=dt.timezone.utc)
    except ValueError:
        return None


def feeds_after(summary: RunSummary, states: Mapping[str, FeedState], now: dt.datetime) -> list[FeedState]:
    """The states of all feeds once a run has polled some."""
    polled = {state.url: state for state in summary.feed_states}
    for names in summary.feed_names:
        state = polled.get(names.url)
        if state is not None:
            polled[names.url] = with_names(state, names)
    kept = dict(states) | polled
    forgotten = forgotten_feeds(kept.values(), now)
    return [state for url, state in kept.items() if url not in forgotten]


def with_names(state: FeedState, names: FeedNames) -> FeedState:
    """The state once a document of the feed was parsed: what its guids tell."""
    told = unstable_guids(state.item_names, names.names, names.are_shared, state.unstable_guids)
    return dataclasses.replace(state, item_names=names.names, unstable_guids=told)


def forgotten_feeds(states: Iterable[FeedState], now: dt.datetime) -> set[str]:
    """The addresses of feeds that were found and are not worth remembering any more: FOUND_KEPT and MAX_FOUND."""
    kept: list[FeedState] = []
    forgotten: set[str] = set()
    for state in states:
        if _is_over(state, now):
            forgotten.add(state.url)
        else:
            kept.append(state)
    return forgotten | _surplus(kept)


def latest_states(polled: Iterable[FeedState]) -> list[FeedState]:
    """Of each feed the state after its last poll."""
    latest: dict[str, FeedState] = {}
    for state in polled:
        known = latest.get(state.url)
        if known is None or (state.checked_at or _LONG_AGO) >= (known.checked_at or _LONG_AGO):
            latest[state.url] = state
    return list(latest.values())


_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.timezone.utc)


def _is_over(state: FeedState, now: dt.datetime) -> bool:
    if state.found_at is None or state.checked_at is None:
        return False
    if state.status == "active":
        # Whoever names ever new addresses that lead nowhere would else fill the state with them.
        since = state.succeeded_at or state.added_at
        return state.failures > 0 and since is not None and now - since > FOUND_KEPT
    return now - state.checked_at > FOUND_KEPT


def _surplus(states: Iterable[FeedState]) -> set[str]:
    """The addresses of found feeds beyond MAX_FOUND of one page: the first to go are over, or long without news."""
    by_page: dict[str, list[FeedState]] = defaultdict(list)
    for state in states:
        if state.found_at is not None:
            by_page[state.found_at].append(state)
    surplus: set[str] = set()
    for found in by_page.values():
        if len(found) > MAX_FOUND:
            found.sort(
                key=lambda state: (
                    state.status == "active",
                    state.newest_item_at or state.added_at or _LONG_AGO,
                    state.url,
                )
            )
            surplus.update(state.url for state in found[:-MAX_FOUND])
    return surplus


def hosts_after(summary: RunSummary, hosts: Mapping[str, HostState], now: dt.datetime) -> Sequence[HostState]:
    """The states of all hosts that are worth remembering once a run has asked some."""
    known = dict(hosts)
    for host in summary.host_states:
        if host.host:
            # A host that only a redirect led to was asked without what earlier runs knew of it.
            known[host.host] = merged(known.get(host.host, host), host)
    return list(kept_hosts(known, now).values())
