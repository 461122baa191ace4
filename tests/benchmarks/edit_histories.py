"""How well edited articles are known again, over made-up edit histories put through real runs.

    python -m tests.benchmarks edit_histories [--together] [--show]

Each file of tests/data/edit_histories holds histories of one publisher's page, item or file: what was fetched, in the
order in which it was fetched, and what a careful reader would say of each fetch. Step k of every history is read in
run k, into one OUT; the tables then tell what became of it. --together puts all steps into one run instead.

A history has a name, a kind, a language, and "as": whether it is read as a feed, a JSONL record or a seed file. A step
states what differs from the step before it: fields, a whole new "text", or "edits" of its paragraphs. Its "truth":

    new        another article than any before it
    version    the same article with another headline or text
    unchanged  the same article, nothing or only cosmetic things changed

"of" says which article of the history is fetched again (0 for its first) where that isn't the latest; "same_run" that
the step was fetched together with the one before it, in the same feed.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime as dt
import html
import io
import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pipeline.cli import main as newsbeam
from tests.benchmarks.harness import Benchmark, goal, main, scratch_folder, table
from tests.tables import rows

DATA = Path(__file__).parents[1] / "data" / "edit_histories"

Truth = Literal["new", "version", "unchanged"]

#: What became of a step.
#: right: as the truth has it. split: under an id of its own. aside: as a duplicate of its own article. needless: a
#: version though nothing changed. lost: a change taken for none. merged: a new article taken for another one, or any
#: step put under another article than its own.
Found = Literal["right", "split", "aside", "needless", "lost", "merged"]
FINDINGS: tuple[Found, ...] = ("right", "split", "aside", "needless", "lost", "merged")


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One fetch. article: its number within the history; run: the run in which it is fetched; both from 0.

    fields: link, guid, title, published, updated, byline, source and feed (the feed's address), as far as stated.
    """

    history: str
    kind: str
    form: Literal["feed", "record", "seed"]
    run: int
    article: int
    truth: Truth
    text: tuple[str, ...]
    fields: dict[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step."""

    step: Step
    found: Found


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What became of all steps."""

    outcomes: tuple[Outcome, ...]

    def share_linked(self) -> float:
        """Of the steps that fetch a known article again, how many were linked to it, with the right verdict."""
        again = [outcome for outcome in self.outcomes if outcome.step.truth != "new"]
        return sum(outcome.found == "right" for outcome in again) / len(again)

    def share_merged(self) -> float:
        """Steps put under another article than their own, to all articles there are."""
        articles = sum(outcome.step.truth == "new" for outcome in self.outcomes)
        return self.count("merged") / articles

    def count(self, found: Found) -> int:
        """How many steps ended so."""
        return sum(outcome.found == found for outcome in self.outcomes)


def load(folder: Path = DATA) -> list[list[Step]]:
    """All histories, each as its steps. Raises ValueError where an edit finds nothing to edit."""
    histories = []
    for path in sorted(folder.glob("*.json")):
        for history in json.loads(path.read_text(encoding="utf-8"))["histories"]:
            histories.append(list(_steps(history)))
    return histories


def _steps(history: dict[str, Any]) -> Iterator[Step]:
    latest: list[tuple[dict[str, str], tuple[str, ...]]] = []
    run = -1
    for stated in history["steps"]:
        number = stated.get("of", len(latest) - 1)
        fields, text = latest[number] if latest else ({}, ())
        fields = fields | {name: value for name, value in stated.items() if name in _FIELDS}
        text = tuple(stated["text"]) if "text" in stated else text
        for edit in stated.get("edits", ()):
            text = _edited(text, edit, history["name"])
        if stated["truth"] == "new":
            number = len(latest)
            latest.append((fields, text))
        else:
            latest[number] = (fields, text)
        run += not stated.get("same_run", False)
        yield Step(
            history["name"], history["kind"], history["as"], run, number, stated["truth"], text, fields
        )


_FIELDS = frozenset({"link", "guid", "title", "published", "updated", "byline", "source", "feed"})


def _edited(text: Sequence[str], edit: dict[str, str], name: str) -> tuple[str, ...]:
    whole = "\n".join(text)
    if "append" in edit:
        changed = f"{whole}\n{edit['append']}"
    elif "prepend" in edit:
        changed = f"{edit['prepend']}\n{whole}"
    elif "remove" in edit:
        changed = "\n".join(paragraph for paragraph in text if not paragraph.startswith(edit["remove"]))
    else:
        changed = whole.replace(edit["replace"], edit["by"])
    if changed == whole:
        raise ValueError(f"{name}: nothing to edit for {edit}")
    return tuple(changed.split("\n"))


def measure(folder: Path, histories: Sequence[Sequence[Step]] | None = None) -> Result:
    """Puts all histories through runs in a folder that is empty, and judges what became of each step.

    histories: those of tests/data where it is None.
    """
    steps = [step for history in (load() if histories is None else histories) for step in history]
    for number in range(max(step.run for step in steps) + 1):
        shutil.rmtree(folder / "in", ignore_errors=True)
        write_input([step for step in steps if step.run == number], folder / "in")
        _run(folder, number)
    return Result(tuple(_judged(steps, _found_rows(folder / "out"))))


def write_input(steps: Sequence[Step], folder: Path) -> None:
    """Writes the steps of one run: a file for each history, which therefore keeps its name from run to run."""
    folder.mkdir(parents=True)
    together = defaultdict(list)
    for step in steps:
        together[step.history].append(step)
    for name, fetched in together.items():
        ending, content = {"feed": ("xml", _rss), "record": ("jsonl", _jsonl), "seed": ("txt", _seed)}[
            fetched[0].form
        ]
        (folder / f"{name}.{ending}").write_text(content(fetched), encoding="utf-8")


def _rss(steps: Sequence[Step]) -> str:
    link = steps[0].fields["link"]
    home = f"https://{urlsplit(link).netloc}"
    address = steps[0].fields.get("feed", f"{home}/rss.xml")
    items = "\n".join(map(_rss_item, steps))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/">\n'
        f"<channel><title>{urlsplit(link).netloc}</title><link>{home}/</link>"
        f'<atom:link rel="self" href="{address}"/>\n{items}\n</channel></rss>\n'
    )


def _rss_item(step: Step) -> str:
    fields = {name: html.escape(value) for name, value in step.fields.items()}
    paragraphs = "".join(f"<p>{html.escape(paragraph)}</p>\n" for paragraph in step.text)
    parts = [f"<title>{fields['title']}</title>", f"<link>{fields['link']}</link>"]
    if "guid" in fields:
        parts.append(f'<guid isPermaLink="{str("://" in fields["guid"]).lower()}">{fields["guid"]}</guid>')
    if "byline" in fields:
        parts.append(f"<author>{fields['byline']}</author>")
    parts.append(f"<pubDate>{_rfc822(step.fields['published'])}</pubDate>")
    if "updated" in fields:
        parts.append(f"<atom:updated>{fields['updated']}</atom:updated>")
    parts.append(f"<content:encoded><![CDATA[{paragraphs}]]></content:encoded>")
    return f"<item>{''.join(parts)}</item>"


def _rfc822(stated: str) -> str:
    return format_datetime(dt.datetime.fromisoformat(stated.replace("Z", "+00:00")))


def _jsonl(steps: Sequence[Step]) -> str:
    names = {"link": "url", "guid": "id"}
    return "".join(
        json.dumps(
            {names.get(name, name): value for name, value in step.fields.items()}
            | {"text": "\n".join(step.text)},
            ensure_ascii=False,
        )
        + "\n"
        for step in steps
    )


def _seed(steps: Sequence[Step]) -> str:
    (step,) = steps
    fields = step.fields
    head = f"By {fields['byline']}\nUpdated: {fields['updated']}\nSource: {fields['source']}\n\n"
    return head + "\n\n".join(step.text) + "\n"


def _run(folder: Path, number: int) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = newsbeam(
            [
                "run", "--input", str(folder / "in"), "--output", str(folder / "out"),
                "--run_id", f"step-{number}", "--now", f"2024-06-{number + 1:02d}T12:00:00Z",
                "--entities", "none", "--progress", "off", "--workers", "1",
            ]
        )  # fmt: skip
    if code:
        raise RuntimeError(f"run {number} ended with exit code {code}: {said.getvalue()}")


@dataclasses.dataclass(frozen=True, slots=True)
class _Row:
    """A row of `articles`, or with duplicate_of one of `duplicates`."""

    article_id: str
    version: int
    duplicate_of: str | None


def _found_rows(out: Path) -> dict[tuple[str, str, int], _Row]:
    """All rows, by run, name of the file and place in it. Raises RuntimeError for a dead letter."""
    found = {}
    for letter in rows(out, "dead_letters"):
        raise RuntimeError(f"{letter['origin_uri']}: {letter['reason']}: {letter['detail']}")
    for row in rows(out, "articles") + rows(out, "duplicates"):
        place = (row["run_id"], Path(row["origin"]["uri"]).stem, row["origin"]["position"])
        found[place] = _Row(row["article_id"], row["version"], row.get("duplicate_of"))
    return found


def _judged(steps: Sequence[Step], found: dict[tuple[str, str, int], _Row]) -> Iterator[Outcome]:
    owners: dict[str, tuple[str, int]] = {}
    places: Counter[tuple[str, int]] = Counter()
    for step in sorted(steps, key=lambda step: step.run):
        position = places[step.history, step.run]
        places[step.history, step.run] += 1
        row = found.get((f"step-{step.run}", step.history, position))
        yield Outcome(step, _judge(step, row, owners))
        if row is not None:
            owners.setdefault(row.article_id, (step.history, step.article))


def _judge(step: Step, row: _Row | None, owners: dict[str, tuple[str, int]]) -> Found:
    """What became of a step, given whose each article_id is that was met before."""
    if row is None:
        findings: dict[Truth, Found] = {"new": "merged", "version": "lost", "unchanged": "right"}
        return findings[step.truth]
    owner = owners.get(row.duplicate_of or row.article_id)
    if step.truth == "new":
        return "right" if row.duplicate_of is None and owner is None else "merged"
    if owner is None:
        return "split"
    if owner != (step.history, step.article):
        return "merged"
    if row.duplicate_of is not None:
        return "aside"
    return "right" if step.truth == "version" else "needless"


def measure_together(folder: Path, histories: Sequence[Sequence[Step]] | None = None) -> Counter[str]:
    """Puts all steps into one run, and counts articles: "right" where one id has all versions, and no other's.

    Which of several copies is kept is left open, so nothing is said of single steps.
    """
    steps = [step for history in (load() if histories is None else histories) for step in history]
    for number in range(max(step.run for step in steps) + 1):
        write_input([step for step in steps if step.run == number], folder / "in" / str(number))
    _run(folder, 0)
    kept: dict[tuple[str, int], list[str]] = defaultdict(list)
    places: Counter[tuple[str, int]] = Counter()
    article_at = {}
    for step in steps:
        article_at[str(step.run), step.history, places[step.history, step.run]] = (step.history, step.article)
        places[step.history, step.run] += 1
    for row in rows(folder / "out", "articles"):
        uri = Path(row["origin"]["uri"])
        kept[article_at[uri.parent.name, uri.stem, row["origin"]["position"]]].append(row["article_id"])
    shared = Counter(article_id for ids in kept.values() for article_id in set(ids))
    wanted = Counter((step.history, step.article) for step in steps if step.truth != "unchanged")
    counts: Counter[str] = Counter()
    for article, versions in wanted.items():
        ids = kept[article]
        if not ids or any(shared[article_id] > 1 for article_id in ids):
            counts["merged"] += 1
        elif len(set(ids)) > 1:
            counts["split"] += 1
        else:
            counts["right" if len(ids) == versions else "needless" if len(ids) > versions else "lost"] += 1
    return counts


def table_of(result: Result) -> str:
    """A line for each kind, and the totals with their goals."""
    by_kind: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in result.outcomes:
        by_kind[outcome.step.kind].append(outcome)
    rows = []
    for kind, outcomes in [*sorted(by_kind.items()), ("all", list(result.outcomes))]:
        again = [outcome for outcome in outcomes if outcome.step.truth != "new"]
        linked = sum(outcome.found == "right" for outcome in again)
        found = Counter(outcome.found for outcome in outcomes)
        rows.append((kind, len(outcomes), len(again), linked, *(found[name] or "" for name in FINDINGS[1:])))
    return "\n\n".join(
        [
            table(("kind", "steps", "again", "linked", *FINDINGS[1:]), rows),
            goal(f"at least 95 % linked; {result.share_linked():.1%} are", result.share_linked() >= 0.95),
            goal(
                f"below 0.5 % of articles falsely merged; {result.share_merged():.2%} are",
                result.share_merged() < 0.005,
            ),
            goal(
                f"no version without a change; there are {result.count('needless')}",
                not result.count("needless"),
            ),
        ]
    )


def measure_asked(arguments: argparse.Namespace) -> str:
    """The histories of tests/data, in as many runs as they have steps, or in one."""
    histories = load()
    said = [f"{len(histories)} edit histories, {sum(map(len, histories))} steps."]
    with scratch_folder(arguments) as folder:
        if arguments.together:
            counts = measure_together(folder, histories)
            said.append(
                f"All in one run, by article: {', '.join(f'{counts[name]} {name}' for name in counts)}."
            )
        else:
            result = measure(folder, histories)
            said.append(table_of(result))
            if arguments.show:
                said += [
                    f"- {outcome.found}, {outcome.step.truth}: {outcome.step.history} ({outcome.step.kind}), "
                    f"run {outcome.step.run}"
                    for outcome in result.outcomes
                    if outcome.found != "right"
                ]
    return "\n\n".join(said)


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument("--together", action="store_true", help="all steps in one run")
    group.add_argument("--show", action="store_true", help="name each step that ended wrong")


BENCHMARK = Benchmark("edit_histories", "Edited articles known again", measure_asked, add_options)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
