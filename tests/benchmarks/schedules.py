"""Whether the tables of a run depend on how it came about: the same items in many orders, bundles, shards and workers.

    python -m tests.benchmarks schedules [--schedules 200] [--after 60] [--seed 1] [--show_rows]

The input is made up, and rich in what has to be decided: reprints, texts cut, framed, edited and badly scanned,
versions, moved addresses, guids and addresses that several items share, ties in time, a crowd around one long passage.
Each schedule is a whole run over the same items: lines dealt out to files at random, files and feed items in a random
order under random names, random sizes of batches, random key shards and workers, on runners that cut the work into
bundles in different ways, some of them on several threads. Of each run's tables one content hash is made (without
where a row was read and what is the run's own); all must be equal.

--after: so many schedules more, each on top of one committed run over a part of the items.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import gzip
import hashlib
import html
import json
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

from apache_beam.runners.portability.fn_api_runner import worker_handlers

from pipeline import read, run, sources
from pipeline.logs import configure_logging
from pipeline.options import build_parser, run_settings
from tests.benchmarks.harness import Benchmark, goal, main, scratch_folder, table
from tests.benchmarks.same_tables import CLOCK, said
from tests.end_to_end.made_up import MANY_WORDS
from tests.tables import manifests

TABLES = ("articles", "duplicates", "dead_letters", "regrouped")

#: Options of Beam's for each way of cutting work into bundles, and whether payloads are shuffled before they are
#: worked on. "threads" runs several bundles of a step at the same time.
RUNNERS: dict[str, tuple[bool, tuple[str, ...]]] = {
    "in order": (False, ()),
    "threads": (False, ("--direct_running_mode=multi_threading", "--direct_num_workers={threads}")),
    "shuffled": (True, ("--runner=FnApiRunner",)),
    "shuffled, threads": (
        True,
        ("--runner=FnApiRunner", "--direct_running_mode=multi_threading", "--direct_num_workers={threads}"),
    ),
    "small bundles": (True, ("--runner=BundleBasedDirectRunner",)),
}

_NEVER_MS = 10**9


@dataclasses.dataclass(frozen=True, slots=True)
class Feed:
    """A snapshot of a feed. address: what it says of itself, if anything; items: as XML, in any order."""

    title: str
    home: str
    address: str | None
    items: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Input:
    """What a run reads, in no order. lines: of JSONL; seeds: whole files."""

    lines: tuple[str, ...]
    seeds: tuple[str, ...]
    feeds: tuple[Feed, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Schedule:
    """One way in which a run may come about.

    seed: of all that is drawn while files are written. parts, lines, bytes: sizes of batches and payloads.
    """

    seed: int
    runner: str
    threads: int
    files: int
    parts: int
    lines: int
    bytes: int
    key_shards: int
    workers: int
    patience_s: float


def draw_schedule(seed: int, runners: Sequence[str]) -> Schedule:
    """A schedule by chance; runners: of `RUNNERS`."""
    generator = random.Random(seed)
    return Schedule(
        seed=seed,
        runner=generator.choice(runners),
        threads=generator.randint(2, 4),
        files=generator.choice((1, 2, 3, 7, 20)),
        parts=generator.choice((1, 2, 5, 16, 50, 128, 1_000)),
        lines=generator.choice((1, 3, 10, 40, 128)),
        bytes=generator.choice((2_000, 10_000, 50_000, 1 << 20)),
        key_shards=2 ** generator.randrange(9),
        # Processes take a second to start.
        workers=2 if generator.random() < 0.2 else 1,
        patience_s=generator.choice((0.0, 0.01, 0.1)),
    )


class _Author:
    """Writes texts and records: all of them made up."""

    def __init__(self, generator: random.Random) -> None:
        self._random = generator
        self._count = 0

    def text(self, words: int) -> str:
        """Sentences, some with a name or a figure."""
        made = []
        for place in range(words):
            word = self._random.choice(MANY_WORDS)
            if place % 12 == 0 or self._random.random() < 0.05:
                word = word.title()
            elif self._random.random() < 0.04:
                word = str(self._random.randrange(1_000))
            made.append(word + ("." if place % 12 == 11 else ""))
        return " ".join(made) + "."

    def edited(self, text: str, share: float) -> str:
        """The text with that share of its words replaced."""
        return " ".join(
            self._random.choice(MANY_WORDS) if self._random.random() < share else word
            for word in text.split(" ")
        )

    def record(self, text: str, **fields: str | None) -> dict[str, str]:
        """A record of some paper, with an id and an address of its own where none is given."""
        self._count += 1
        paper = self._random.randrange(4)
        defaults: dict[str, str | None] = {
            "id": f"made-up-{self._count}",
            "url": f"https://paper{paper}.example/{self._count}",
            "title": self.text(6)[:-1],
            "source": f"Paper {paper}",
            "published": self.moment(),
            "text": text,
        }
        return {name: value for name, value in (defaults | fields).items() if value is not None}

    def moment(self) -> str | None:
        """One of few moments, so that ties are common; sometimes a day alone, or nothing."""
        return self._random.choice(
            ("2024-04-02T08:00:00Z", "2024-04-02T09:30:00Z", "2024-04-03T08:00:00Z", "2024-04-05", None)
        )


def made_up_input(seed: int, stories: int) -> Input:
    """Input in which little is alone: each story in several of the forms that dedup has to tell."""
    generator = random.Random(seed)
    author = _Author(generator)
    records: list[dict[str, str]] = []
    seeds: list[str] = []
    for _ in range(stories):
        first = author.record(author.text(generator.randrange(40, 220)))
        told = _variants(first, author)
        records += [first, *generator.sample(told, generator.randrange(1, 8))]
        if generator.random() < 0.3:
            seeds += [_seed(first), _seed(generator.choice(told))]
    records += _crowd(author) + _chain(author) + _shared_ids(author) + _little(author) + _ideographs(author)
    broken = ['{"title": "cut off', "[1, 2]", '{"byline": "By Nobody"}', '{"title": "cut off']
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    return Input(tuple(lines + broken), (*seeds, "By Mara Quill\n\n \n"), tuple(_feeds(records, author)))


def _variants(first: dict[str, str], author: _Author) -> list[dict[str, str]]:
    """One story again: as other papers tell it, and as its own paper does later."""
    text = first["text"]
    words = text.split(" ")
    corrected = first | {"text": author.edited(text, 0.04), "updated": "2024-04-03T10:00:00Z"}
    moved = first | {"url": first["url"] + "/moved", "text": author.edited(text, 0.05)}
    same_day = {"source": first["source"], "published": first.get("published"), "title": first["title"]}
    return [
        first,
        author.record(text),
        author.record(text.upper().replace(".", " –"), published=first.get("published")),
        author.record(" ".join(words[: len(words) * 6 // 10])),
        author.record(f"{author.text(14)}\n{text}\n{author.text(10)}"),
        author.record(author.edited(text, 0.06), published=first.get("published")),
        author.record(author.edited(text, 0.25)),
        corrected,
        # Another correction of the same minute.
        first | {"text": author.edited(text, 0.04), "updated": "2024-04-03T10:00:00Z"},
        first | {"text": author.text(80)},
        first | {"title": first["title"] + ", again"},
        first | {"text": f"{text}\n1,204 views"},
        first | {"byline": "By Mara Quill"},
        first | {"byline": "By Pell Vantry", "tags": "harbour, ferries"},
        moved,
        author.record(author.edited(text, 0.05), url=moved["url"], source=first["source"]),
        author.record(text, url=first["url"] + "/twin", **same_day),
        author.record(author.edited(text, 0.03), url=first["url"] + "/second", **same_day),
        author.record(author.edited(text, 0.03), url=first["url"] + "/third", **same_day),
        first | {"url": f"{first['url']}?utm_source=made-up#top"},
    ]


def _crowd(author: _Author) -> list[dict[str, str]]:
    """More articles around one long passage than are ever paired with one another."""
    passage = author.text(120)
    return [author.record(f"{author.text(30 + 4 * number)}\n{passage}") for number in range(60)]


def _chain(author: _Author) -> list[dict[str, str]]:
    """Each an edit of the one before; the ends have little in common."""
    text, made = author.text(150), []
    for _ in range(10):
        made.append(author.record(text, published="2024-04-02T08:00:00Z"))
        text = author.edited(text, 0.12)
    return made


def _shared_ids(author: _Author) -> list[dict[str, str]]:
    """One id over several addresses, and one address under several ids; and an item that holds two apart."""
    ids = [author.record(author.text(50), id="the-same", source="Paper 1") for _ in range(5)]
    addresses = [author.record(author.text(50), url="https://paper2.example/") for _ in range(5)]
    bridge = author.record(author.text(50), id="the-same", source="Paper 1", url="https://paper2.example/")
    return [*ids, *addresses, bridge]


def _little(author: _Author) -> list[dict[str, str]]:
    """Texts that say too little to be told apart by."""
    fields: tuple[dict[str, str | None], ...] = (
        {"title": "Live"}, {"title": None}, {"title": "Live", "published": "2024-04-02T08:00:00Z"}, {},
    )  # fmt: skip
    made = [
        author.record(text, **some) for text in ("Read more.", "Word", "") for some in fields for _ in "ab"
    ]
    nameless: dict[str, str | None] = {"id": None, "url": None, "source": None}
    made += [author.record("Read more.", **nameless, title="Live", published=None) for _ in range(3)]
    return made + [author.record(author.text(50), **nameless) for _ in range(2)]


def _ideographs(author: _Author) -> list[dict[str, str]]:
    """A text without spaces: its reprint, a part of it, and an edit."""
    code = random.Random(author.text(3))
    text = "".join("。" if code.random() < 0.05 else chr(0x4E00 + code.randrange(2_000)) for _ in range(400))
    edited = "".join(chr(0x4E00 + code.randrange(2_000)) if code.random() < 0.02 else one for one in text)
    return [author.record(one) for one in (text, text, text[:250], edited)]


def _seed(record: dict[str, str]) -> str:
    """A record as a seed file."""
    head = [
        f"{label}: {record[name]}"
        for name, label in (
            ("published", "Published"),
            ("source", "Source"),
            ("title", "Title"),
            ("url", "URL"),
        )
        if name in record
    ]
    return "By Mara Quill\n" + "\n".join(head) + f"\n\n{record['text']}\n"


def _feeds(records: Sequence[dict[str, str]], author: _Author) -> Iterator[Feed]:
    """Snapshots of some papers' feeds, two of each, that tell some of the records again."""
    for paper, address in ((0, "https://paper0.example/rss"), (1, None), (2, "https://paper2.example/rss")):
        own = [record for record in records if record.get("source") == f"Paper {paper}" and "url" in record]
        # Beside its own guids: permalinks, one that is the same for all, one address for all.
        guids = [[f"{paper}-{number}", record["url"], "0"][number % 3] for number, record in enumerate(own)]
        links = [
            f"https://paper{paper}.example/" if number % 7 == 6 else record["url"]
            for number, record in enumerate(own)
        ]
        for later in (False, True):
            items: list[str] = []
            for record, guid, link in list(zip(own, guids, links, strict=True))[later * 5 : 20 + later * 5]:
                text = (
                    author.edited(record["text"], 0.04) if later and len(items) % 4 == 0 else record["text"]
                )
                items.append(_item(record | {"text": text}, guid, link))
            yield Feed(f"Paper {paper}", f"https://paper{paper}.example/", address, tuple(items))


def _item(record: dict[str, str], guid: str, link: str) -> str:
    published = f"<dc:date>{record['published']}</dc:date>" if "published" in record else ""
    title = f"<title>{html.escape(record['title'])}</title>" if "title" in record else ""
    return (
        f'<item>{title}<link>{html.escape(link)}</link><guid isPermaLink="{str("://" in guid).lower()}">'
        f"{html.escape(guid)}</guid>{published}<description>{html.escape(record['text'])}</description></item>"
    )


def write_input(made: Input, schedule: Schedule, folder: Path) -> None:
    """Writes the items in the order, into the files and under the names that the schedule draws."""
    generator = random.Random(f"input {schedule.seed}")

    def path(ending: str) -> Path:
        below = folder / generator.choice(("", "a", "b/c"))
        below.mkdir(parents=True, exist_ok=True)
        return below / f"{generator.randrange(10**12)}{ending}"

    hands: dict[int, list[str]] = collections.defaultdict(list)
    for line in generator.sample(made.lines, len(made.lines)):
        hands[generator.randrange(schedule.files)].append(line)
        if generator.random() < 0.05:
            hands[generator.randrange(schedule.files)].append("")
    for lines in hands.values():
        data = "".join(f"{line}\n" for line in lines).encode()
        if generator.random() < 0.2:
            path(".jsonl.gz").write_bytes(gzip.compress(data, 1))
        else:
            path(".jsonl").write_bytes(data)
    for seed in made.seeds:
        path(".txt").write_text(seed, encoding="utf-8")
    for feed in made.feeds:
        items = "\n".join(generator.sample(feed.items, len(feed.items)))
        address = "" if feed.address is None else f'<atom:link rel="self" href="{feed.address}"/>'
        path(".xml").write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"'
            ' xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<channel><title>{feed.title}</title><link>{feed.home}</link>{address}\n{items}\n</channel></rss>\n",
            encoding="utf-8",
        )


def run_schedule(schedule: Schedule, source: Path, out: Path) -> None:
    """One run of the program, in this process, as the schedule has it."""
    spread, options = RUNNERS[schedule.runner]
    arguments = build_parser().parse_args(
        [
            "run", "--input", str(source), "--output", str(out), "--entities", "none", "--progress", "off",
            "--workers", str(schedule.workers), "--key_shards", str(schedule.key_shards), "--now", CLOCK,
        ]
    )  # fmt: skip
    settings = dataclasses.replace(
        run_settings(arguments, ()),
        local=not spread,
        beam_args=tuple(option.format(threads=schedule.threads) for option in options),
    )
    with contextlib.ExitStack() as patched:
        for module, values in (
            (read, {"PARTS_PER_BATCH": schedule.parts, "BYTES_PER_BATCH": schedule.bytes}),
            (sources, {"LINES_PER_PAYLOAD": schedule.lines}),
            (run, {"PATIENCE_S": schedule.patience_s}),
        ):
            patched.enter_context(mock.patch.multiple(module, **values))
        if "threads" in schedule.runner:
            # Beam empties the buffers of such workers once a second, without a lock, and so loses elements of a step
            # that lasts longer; the command line refuses it.
            patched.enter_context(mock.patch.object(worker_handlers, "DATA_BUFFER_TIME_LIMIT_MS", _NEVER_MS))
        run.run(settings)


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What the schedules came to: the content hashes with how many schedules had each, and the first one's counts."""

    digests: Counter[str]
    counts: dict[str, int]
    seconds: float


def measure(
    made: Input,
    schedules: Sequence[Schedule],
    folder: Path,
    committed: Path | None = None,
    show: bool = False,
) -> Outcome:
    """Runs every schedule over the input, each into an OUT of its own.

    committed: an OUT that each starts from. show: print where the tables of a schedule differ from the first's.
    """
    digests: Counter[str] = Counter()
    counts: dict[str, int] = {}
    expected: dict[str, list[str]] = {}
    started = time.monotonic()
    for schedule in schedules:
        source, out = folder / "in", folder / "out"
        for path in (source, out):
            shutil.rmtree(path, ignore_errors=True)
        write_input(made, schedule, source)
        if committed is not None:
            shutil.copytree(committed, out)
        run_schedule(schedule, source, out)
        contents = {table: said(out, table) for table in TABLES}
        digest = digest_of(contents)
        if not digests:
            counts = max(manifests(out), key=lambda manifest: manifest["committed_at"])["counts"]
            expected = contents
        elif show and digest not in digests:
            _show(schedule, expected, contents)
        digests[digest] += 1
    return Outcome(digests, counts, time.monotonic() - started)


def digest_of(contents: dict[str, list[str]]) -> str:
    """One hash of all tables' rows."""
    whole = hashlib.sha256()
    for name, lines in sorted(contents.items()):
        whole.update(f"{name} {len(lines)}\n".encode())
        whole.update("\n".join(lines).encode())
    return whole.hexdigest()


def _show(schedule: Schedule, expected: dict[str, list[str]], contents: dict[str, list[str]]) -> None:
    print(f"different: {schedule}")
    for name in TABLES:
        for sign, rows in (
            ("-", Counter(expected[name]) - Counter(contents[name])),
            ("+", Counter(contents[name]) - Counter(expected[name])),
        ):
            for row in list(rows.elements())[:5]:
                print(f"  {name} {sign} {row[:2_000]}")


def compare(
    schedules: int,
    after: int,
    seed: int,
    folder: Path,
    stories: int = 30,
    runners: Sequence[str] = tuple(RUNNERS),
    show: bool = False,
) -> tuple[bool, str]:
    """Runs that many schedules; whether all tables were equal, and the table of what came of them."""
    configure_logging("error")
    made = made_up_input(seed, stories)
    items = len(made.lines) + len(made.seeds) + sum(len(feed.items) for feed in made.feeds)
    drawn = [draw_schedule(1_000_000 * seed + number, runners) for number in range(schedules + after)]
    outcomes = {"into an empty folder": measure(made, drawn[:schedules], folder, show=show)}
    if after:
        earlier = Input(made.lines[::3], made.seeds[::3], made.feeds[::2])
        write_input(earlier, drawn[0], folder / "earlier")
        run_schedule(drawn[0], folder / "earlier", folder / "committed")
        outcomes["after a run over a part"] = measure(
            made, drawn[schedules:], folder, folder / "committed", show
        )
    rows = [
        (
            name, outcome.digests.total(), len(outcome.digests),
            *(outcome.counts[count] for count in ("kept", "duplicate", "unchanged", "dead_letter")),
            f"{outcome.seconds / outcome.digests.total():.1f}",
        )
        for name, outcome in outcomes.items()
    ]  # fmt: skip
    kinds = Counter(schedule.runner for schedule in drawn)
    equal = all(len(outcome.digests) == 1 for outcome in outcomes.values())
    said_of = [
        f"{items} made-up items: {len(made.lines)} lines, {len(made.seeds)} seed files, {len(made.feeds)} feeds. "
        f"Runners: {', '.join(f'{name} {kinds[name]}' for name in runners)}.",
        table(
            (
                "runs",
                "schedules",
                "distinct contents",
                "kept",
                "duplicate",
                "unchanged",
                "dead letters",
                "s each",
            ),
            rows,
        ),
        goal("one content", equal),
    ]
    return equal, "\n\n".join(said_of)


def measure_schedules(arguments: argparse.Namespace) -> str:
    """All schedules that are asked for."""
    with scratch_folder(arguments) as folder:
        return compare(
            arguments.schedules,
            arguments.after,
            arguments.seed,
            folder,
            arguments.stories,
            show=arguments.show_rows,
        )[1]


def add_options(group: argparse._ArgumentGroup) -> None:
    """The options that only this one has."""
    group.add_argument("--schedules", type=int, default=200, metavar="N", help="into an empty folder (200)")
    group.add_argument("--after", type=int, default=60, metavar="N", help="on top of an earlier run (60)")
    group.add_argument("--stories", type=int, default=30, metavar="N", help="stories in the input (30)")
    group.add_argument("--seed", type=int, default=1, metavar="N", help="of the input and the schedules (1)")
    group.add_argument("--show_rows", action="store_true", help="print rows that differ")


BENCHMARK = Benchmark(
    "schedules", "One content from any schedule", measure_schedules, add_options, ("apache-beam",)
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK, __doc__))
