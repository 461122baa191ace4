"""What other libraries make of bylines, times, addresses and HTML, for ours to be measured beside.

    PEER_PYTHON tests/benchmarks/normalisation_peer.py TASK [--only NAME] [--rounds N] < INPUTS > OUTPUTS

It stands alone, and runs in an environment of the peers' own:

    python -m venv /tmp/peers
    /tmp/peers/bin/pip install newspaper4k lxml_html_clean news-please python-dateutil dateparser feedparser \
        courlan url-normalize w3lib inscriptis html2text trafilatura

They are in no lock file of the project: seventy packages for the sake of a comparison.

TASK is bylines, times, addresses or texts. INPUTS is a JSON list: strings, or for times objects with raw, now (ISO
8601), zone (IANA, or null) and language (or null). OUTPUTS is JSON: for each peer that is installed its version, the
results in order (null where it found nothing or raised), how often it raised, and the seconds of CPU of each round.

Each peer is called as its documentation says, with what it offers for the purpose:

- newspaper4k: its AuthorsExtractor, on the tree of a page whose author meta element is the byline. The tree is made
  before the clock starts.
- news-please takes newspaper4k's authors and cleans each of markup and blanks; that is what is done here, with its
  Cleaner. Its comparer then prefers newspaper's result, so nothing else of it decides.
- dateutil, dateparser and feedparser get the string; dateparser also the fetch time, the zone and the language. A
  result without a zone is taken for UTC.
- courlan.clean_url, url_normalize and w3lib's canonicalize_url with their defaults.
- inscriptis.get_text, html2text without links, pictures, emphasis and line wrapping, trafilatura.html2txt.
"""

from __future__ import annotations

import argparse
import calendar
import datetime as dt
import importlib.metadata
import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module as load
from typing import Any

#: What makes an input ready before the clock starts, and what is measured.
Calls = tuple[Callable[[Any], Any], Callable[[Any], Any]]

#: By task and name: the package that it comes in, and what makes its calls.
TASKS: dict[str, dict[str, tuple[str, Callable[[], Calls]]]] = {}


def peer(task: str, name: str, package: str) -> Callable[[Callable[[], Calls]], Callable[[], Calls]]:
    """Registers a function that makes a peer's calls."""

    def register(make: Callable[[], Calls]) -> Callable[[], Calls]:
        TASKS.setdefault(task, {})[name] = (package, make)
        return make

    return register


def _as_it_is(one: Any) -> Any:
    return one


@peer("bylines", "newspaper4k", "newspaper4k")
def _newspaper() -> Calls:
    html = load("lxml.html")
    configuration = load("newspaper.configuration").Configuration()
    extractor = load("newspaper.extractors.authors_extractor").AuthorsExtractor(configuration)

    def prepare(byline: str) -> Any:
        page = html.document_fromstring("<html><head><title>x</title></head><body><p>x</p></body></html>")
        meta = html.Element("meta", name="author")
        # What XML can't hold, no parser would have given the extractor.
        meta.set("content", "".join(char for char in byline if char >= " " or char in "\t\n\r"))
        page.find("head").append(meta)
        return page

    return prepare, extractor.parse


@peer("bylines", "news-please", "news-please")
def _newsplease() -> Calls:
    prepare, parse = _newspaper()
    cleaner = load("newsplease.pipeline.extractor.cleaner").Cleaner()
    return prepare, lambda page: cleaner.do_cleaning(parse(page))


def _utc(moment: dt.datetime) -> str:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.timezone.utc)
    return moment.astimezone(dt.timezone.utc).isoformat()


@peer("times", "dateutil", "python-dateutil")
def _dateutil() -> Calls:
    parse = load("dateutil.parser").parse

    def read(stated: dict[str, str]) -> str:
        # Without the day of the fetch it would fill a missing date with that of the machine.
        now = dt.datetime.fromisoformat(stated["now"]).replace(tzinfo=None)
        return _utc(parse(stated["raw"], default=now.replace(hour=0, minute=0, second=0, microsecond=0)))

    return _as_it_is, read


@peer("times", "dateparser", "dateparser")
def _dateparser() -> Calls:
    parse = load("dateparser").parse

    def read(stated: dict[str, Any]) -> str | None:
        now = dt.datetime.fromisoformat(stated["now"]).replace(tzinfo=None)
        settings = {
            "RELATIVE_BASE": now,
            "RETURN_AS_TIMEZONE_AWARE": True,
            "TIMEZONE": stated["zone"] or "UTC",
        }
        language = (stated["language"] or "").partition("-")[0]
        found = parse(stated["raw"], languages=[language] if language else None, settings=settings)
        return None if found is None else _utc(found)

    return _as_it_is, read


@peer("times", "feedparser", "feedparser")
def _feedparser() -> Calls:
    parse = load("feedparser.datetimes")._parse_date

    def read(stated: dict[str, str]) -> str | None:
        found = parse(stated["raw"])
        return (
            None
            if found is None
            else _utc(dt.datetime.fromtimestamp(calendar.timegm(found), dt.timezone.utc))
        )

    return _as_it_is, read


@peer("addresses", "courlan", "courlan")
def _courlan() -> Calls:
    return _as_it_is, load("courlan").clean_url


@peer("addresses", "url-normalize", "url-normalize")
def _url_normalize() -> Calls:
    return _as_it_is, load("url_normalize").url_normalize


@peer("addresses", "w3lib", "w3lib")
def _w3lib() -> Calls:
    return _as_it_is, load("w3lib.url").canonicalize_url


@peer("texts", "inscriptis", "inscriptis")
def _inscriptis() -> Calls:
    return _as_it_is, load("inscriptis").get_text


@peer("texts", "html2text", "html2text")
def _html2text() -> Calls:
    make = load("html2text").HTML2Text

    def convert(markup: str) -> Any:
        converter = make(bodywidth=0)
        converter.ignore_links = converter.ignore_images = converter.ignore_emphasis = True
        return converter.handle(markup)

    return _as_it_is, convert


@peer("texts", "trafilatura", "trafilatura")
def _trafilatura() -> Calls:
    # It is made for pages, and of a fragment it takes the first element only.
    return lambda markup: f"<html><body>{markup}</body></html>", load("trafilatura").html2txt


def run(make: Callable[[], Calls], inputs: Sequence[Any], rounds: int) -> dict[str, Any]:
    """The results of the last round, how many calls raised in it, and each round's seconds."""
    prepare, call = make()
    seconds = []
    results: list[Any] = []
    raised = 0
    for _ in range(rounds):
        prepared = [prepare(one) for one in inputs]
        results, raised = [], 0
        started = time.process_time()
        for one in prepared:
            try:
                results.append(call(one))
            except Exception:  # noqa: BLE001 (whatever each peer raises for what it can't read)
                results.append(None)
                raised += 1
        seconds.append(time.process_time() - started)
    return {"results": results, "raised": raised, "seconds": seconds}


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=sorted(TASKS))
    parser.add_argument("--only")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    inputs = json.load(sys.stdin)
    said = {}
    for name, (package, make) in TASKS[arguments.task].items():
        if arguments.only not in (None, name):
            continue
        try:
            installed = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
        said[name] = {"version": installed, **run(make, inputs, arguments.rounds)}
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
