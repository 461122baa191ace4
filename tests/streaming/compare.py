"""Whether two OUTs say the same: by content, however the runs or windows came that wrote them.

    python -m tests.streaming.compare OUT_OF_ONE_RUN OUT_OF_A_STREAM

What may differ between one run over all the input and a stream of windows, and is not looked at:

- run ids, file names, `ingested_at` and with it the partition of what states no time, `schema_version`;
- where a row was read (`origin`), of how many places it was (`origins`): of copies of one revision one is written;
- `article_id`, where several names lead to an article: it goes by the one that was met first. Articles are matched by
  all names that their rows have, then by publisher and revision;
- which article of a story stands in `articles`, and which in `duplicates` with what likeness: one run keeps the
  earliest, a stream what it met first. Rows of both tables count as one table;
- `near_duplicates`, which is as of when the row was written, and the names of groups: their partition is compared,
  with `regrouped` applied as the README does;
- the order of versions that state the same times, or one of which states none;
- warnings about the document that an item stood in; dead letters of fetching, which files can't have.

All else must be equal, and each OUT must hold by itself: nothing twice, nothing torn, manifests that agree with their
files, versions from 1 on, and nothing that `newsbeam check` finds.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.store.check import check_output
from pipeline.store.layout import output_layout
from schemas.records import Origin
from transforms.functions.identity import (
    SHARED_LINK,
    content_hash,
    identities,
    names_of,
    revision_hash,
)
from transforms.functions.revisions import settled_text, settled_title
from transforms.functions.urls import address_in_guid

#: Columns that must be equal for one revision of one article.
FIELDS = (
    "title", "summary", "text", "url", "canonical_url", "byline", "authors", "byline_org", "source", "source_domain",
    "published_at", "updated_at", "time_quality", "language", "language_confidence", "language_declared", "entities",
    "tags", "word_count", "content_hash", "warnings",
)  # fmt: skip

#: Warnings that are about the document in which an item stood, and its feed.
OF_THE_DOCUMENT = frozenset(
    ("feed_malformed", "guid_not_unique", "link_not_unique", "guid_unstable", "offsite_link")
)

#: A payload of more is no item's, but a document's.
_ITEM_BYTES = 1_000

#: Tables with a row for each revision.
_ARTICLE_TABLES = ("articles", "duplicates")

_Row = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Revision:
    """A row of articles or duplicates. content: hash of headline and text, as dedup compares them."""

    row: _Row
    content: str

    @property
    def time_order(self) -> tuple[str, str]:
        """What orders versions that state different times; empty where it states none."""
        published = str(self.row["published_at"] or "")
        return str(self.row["updated_at"] or published), published

    @property
    def title(self) -> str:
        """How it is called in messages."""
        return f"{self.row['title']!r} ({self.row['article_id'][:10]} v{self.row['version']})"


@dataclasses.dataclass(frozen=True, slots=True)
class Contents:
    """What an OUT holds.

    faults: what is wrong with it by itself, in lines. articles: article_id -> its revisions by version.
    groups: article_id -> the group it is in by now. letters: dead letters, without those of fetching.
    """

    faults: list[str]
    articles: Mapping[str, Sequence[Revision]]
    groups: Mapping[str, str]
    letters: Counter[tuple[str, str, str, str]]


def read_contents(out: Path, with_check: bool = True) -> Contents:
    """Reads an OUT whole. with_check: whether `newsbeam check` is asked as well, which reads every file once more."""
    faults: list[str] = []
    tables = {
        table: list(_rows(out, table, faults)) for table in (*_ARTICLE_TABLES, "regrouped", "dead_letters")
    }
    faults += _manifest_faults(out)
    if with_check:
        problems = check_output(output_layout(str(out)))
        faults += [f"check: {problem.path}: {problem.message}" for problem in problems if not problem.is_note]
    articles: dict[str, list[Revision]] = defaultdict(list)
    for row in itertools.chain.from_iterable(tables[table] for table in _ARTICLE_TABLES):
        articles[row["article_id"]].append(Revision(row, _content(row)))
    for revisions in articles.values():
        revisions.sort(key=lambda revision: revision.row["version"])
        faults += _version_faults(revisions)
    groups = _groups(articles, tables["regrouped"], faults)
    letters = Counter(map(_letter, (row for row in tables["dead_letters"] if row["stage"] != "fetch")))
    return Contents(faults, articles, groups, letters)


def _rows(out: Path, table: str, faults: list[str]) -> Iterator[_Row]:
    for path in sorted((out / table).rglob("*.parquet")):
        keys = dict(part.split("=", 1) for part in path.relative_to(out / table).parts[:-1])
        try:
            read = pq.ParquetFile(path).read().to_pylist()
        except (pa.ArrowException, OSError, ValueError) as error:
            faults.append(f"torn: {path.relative_to(out)}: {error}")
            continue
        yield from (row | keys for row in read)


def _manifest_faults(out: Path) -> Iterator[str]:
    """Whether each manifest balances, and counts what its files hold."""
    for path in sorted((out / "_runs").glob("*.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        counts: Mapping[str, int] = manifest["counts"]
        parts = {name: counts[name] for name in ("kept", "duplicate", "unchanged", "dead_letter")}
        if counts["read"] != sum(parts.values()):
            yield f"{path.name}: read {counts['read']} is not the sum of {parts}"
        rows: Counter[str] = Counter()
        for file in manifest["files"]:
            if not file["target"].startswith("_"):
                rows[file["table"]] += _row_count(out / file["target"])
        expected = {
            "articles": counts["kept"],
            "duplicates": counts["duplicate"],
            "dead_letters": counts["dead_letter"] - counts.get("dead_letter_known", 0),
            "regrouped": counts.get("regrouped", 0),
        }
        for table, count in expected.items():
            if rows[table] != count:
                yield f"{path.name}: counts {count} rows of {table}, its files have {rows[table]}"


def _row_count(path: Path) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError):
        # A file that is missing or torn has said so elsewhere, and holds no rows to count.
        return 0


def _content(row: _Row) -> str:
    return revision_hash(settled_title(row["title"]), content_hash(settled_text(row["text"])))


def _version_faults(revisions: Sequence[Revision]) -> Iterator[str]:
    """Whether versions count from 1 on, each once, and follow one another as they say."""
    last: Revision | None = None
    seen: dict[str, Revision] = {}
    numbers = [revision.row["version"] for revision in revisions]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"versions {numbers} of one article: {revisions[0].title}"
    for revision in revisions:
        row = revision.row
        if revision.content in seen:
            yield f"twice: {revision.title} says what {seen[revision.content].title} does"
        seen[revision.content] = revision
        change = None
        if last is not None:
            is_same = last.row["content_hash"] == row["content_hash"]
            change = "headline" if is_same else "text"
        if row["change"] != change or row["supersedes"] != (None if last is None else last.row["version"]):
            yield f"{revision.title} says change {row['change']}, supersedes {row['supersedes']}; found {change}"
        last = revision


def _groups(
    articles: Mapping[str, Sequence[Revision]], regrouped: Iterable[_Row], faults: list[str]
) -> dict[str, str]:
    last: dict[str, tuple[int, str]] = {}
    for row in regrouped:
        article_id, sequence = row["article_id"], row["sequence"]
        if article_id in last and last[article_id][0] == sequence:
            faults.append(f"twice: regrouping {sequence} of {article_id}")
        last[article_id] = max(last.get(article_id, (0, "")), (sequence, row["group_id"]))
        if article_id not in articles:
            faults.append(f"regrouped, but not there: {article_id}")
    found = {}
    for article_id, revisions in articles.items():
        named = {revision.row["group_id"] for revision in revisions}
        if article_id in last:
            named = {last[article_id][1]}
        if len(named) > 1:
            faults.append(f"in {len(named)} groups at once: {revisions[0].title}")
        found[article_id] = min(named)
    return found


def _letter(row: _Row) -> tuple[str, str, str, str]:
    """A dead letter by stage, reason, origin (the feed, or where that isn't known the file), and the item's payload.

    Whole documents are left out: a feed is polled in others than it was written down in.
    """
    payload = row["payload"] or b""
    item = payload.decode("utf-8", "replace") if len(payload) <= _ITEM_BYTES else ""
    return row["stage"], row["reason"], row["feed_url"] or row["origin_uri"], item


def differences(one: Contents, other: Contents, names: tuple[str, str] = ("one", "other")) -> list[str]:
    """How two OUTs differ, in lines for people; empty where they say the same and both hold by themselves.

    names: how the two are called in the lines.
    """
    lines = [
        f"{name}: {fault}"
        for name, contents in zip(names, (one, other), strict=True)
        for fault in contents.faults
    ]
    pairs: list[tuple[str, str]] = []
    for ours, theirs in _matched(one, other):
        if len(ours) == 1 and len(theirs) == 1:
            pairs.append((ours[0], theirs[0]))
        elif not ours or not theirs:
            contents, there, missing = (one, names[0], names[1]) if ours else (other, names[1], names[0])
            lines += [
                f"lost: in {there}, not in {missing}: {contents.articles[article_id][0].title}"
                for article_id in ours or theirs
            ]
        else:
            titles = [one.articles[article_id][0].title for article_id in ours]
            others = [other.articles[article_id][0].title for article_id in theirs]
            lines.append(
                f"another identity: {len(ours)} articles in {names[0]} are {len(theirs)} in {names[1]}: "
                f"{'; '.join(titles)} / {'; '.join(others)}"
            )
    for ours_id, theirs_id in pairs:
        lines += _revision_differences(one.articles[ours_id], other.articles[theirs_id], names)
    lines += _group_differences(one, other, pairs, names)
    for letter in sorted(one.letters.keys() | other.letters.keys()):
        if one.letters[letter] != other.letters[letter]:
            lines.append(
                f"dead letter {' '.join(letter)}: {one.letters[letter]} in {names[0]}, "
                f"{other.letters[letter]} in {names[1]}"
            )
    return lines


def _matched(one: Contents, other: Contents) -> Iterator[tuple[list[str], list[str]]]:
    """Articles of both that are the same: by any name that their rows have, and what is left by what it says."""
    yield from _joined(one.articles, other.articles, _names, _by_content)


def _names(article_id: str, revisions: Sequence[Revision]) -> Iterator[Hashable]:
    yield article_id
    for revision in revisions:
        row = revision.row
        origin = Origin(**row["origin"])
        named = names_of(
            origin,
            row["canonical_url"],
            address_in_guid(origin.guid),
            row["source"],
            SHARED_LINK in row["warnings"],
        )
        yield from identities(named, row["source"], row["title"], row["text"])


def _by_content(article_id: str, revisions: Sequence[Revision]) -> Iterator[Hashable]:
    yield from ((revision.row["source_domain"], revision.content) for revision in revisions)


_Articles = Mapping[str, Sequence[Revision]]
_Namer = Callable[[str, Sequence[Revision]], Iterable[Hashable]]


def _joined(one: _Articles, other: _Articles, *namers: _Namer) -> Iterator[tuple[list[str], list[str]]]:
    """Connected articles of both; each namer is asked about those that the one before left alone."""
    left: tuple[set[str], set[str]] = (set(one), set(other))
    for namer in namers:
        holders: dict[Hashable, list[tuple[int, str]]] = defaultdict(list)
        named: dict[tuple[int, str], list[Hashable]] = {}
        for side, articles in enumerate((one, other)):
            for article_id in sorted(left[side]):
                node = side, article_id
                named[node] = list(namer(article_id, articles[article_id]))
                for name in named[node]:
                    holders[name].append(node)
        seen: set[tuple[int, str]] = set()
        for start in named:
            if start in seen:
                continue
            seen.add(start)
            component, waiting = [], [start]
            while waiting:
                node = waiting.pop()
                component.append(node)
                near = {other_node for name in named[node] for other_node in holders[name]} - seen
                seen |= near
                waiting += sorted(near)
            sides: tuple[list[str], list[str]] = ([], [])
            for side, article_id in sorted(component):
                sides[side].append(article_id)
            if sides[0] and sides[1]:
                for side in (0, 1):
                    left[side].difference_update(sides[side])
                yield sides
    yield from (([article_id], []) for article_id in sorted(left[0]))
    yield from (([], [article_id]) for article_id in sorted(left[1]))


def _revision_differences(
    ours: Sequence[Revision], theirs: Sequence[Revision], names: tuple[str, str]
) -> Iterator[str]:
    """How the revisions of one article differ."""
    here = {revision.content: revision for revision in ours}
    there = {revision.content: revision for revision in theirs}
    for content in here.keys() - there.keys():
        yield f"lost: a version in {names[0]}, not in {names[1]}: {here[content].title}"
    for content in there.keys() - here.keys():
        yield f"lost: a version in {names[1]}, not in {names[0]}: {there[content].title}"
    common = [revision for revision in ours if revision.content in there]
    for revision in common:
        yield from _field_differences(revision, there[revision.content], names)
    for before, after in itertools.pairwise(common):
        in_order = there[before.content].row["version"] < there[after.content].row["version"]
        times = {before.time_order, after.time_order}
        if not in_order and len(times) == 2 and ("", "") not in times:
            yield f"versions in another order in {names[1]}: {before.title}, {after.title}"


def _field_differences(ours: Revision, theirs: Revision, names: tuple[str, str]) -> Iterator[str]:
    for field in FIELDS:
        here, there = ours.row[field], theirs.row[field]
        if field == "warnings":
            here, there = ([code for code in codes if code not in OF_THE_DOCUMENT] for codes in (here, there))
        if here != there:
            yield (
                f"{field} of {ours.title}: {_short(here)} in {names[0]}, {_short(there, here)} in {names[1]}"
            )


def _short(value: object, beside: object = None) -> str:
    text = repr(value)
    # Of two long texts that begin alike, what comes from shortly before they part.
    start = 0
    if beside is not None and len(text) > 120:
        pairs = zip(text, repr(beside), strict=False)
        same = next((place for place, (a, b) in enumerate(pairs) if a != b), 0)
        start = max(0, same - 20)
    return ("..." if start else "") + text[start : start + 120] + ("..." if len(text) > start + 120 else "")


def _group_differences(
    one: Contents, other: Contents, pairs: Sequence[tuple[str, str]], names: tuple[str, str]
) -> Iterator[str]:
    """How the partition of the articles that both have into groups differs."""

    def parts(groups: Mapping[str, str], side: int) -> set[frozenset[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for place, pair in enumerate(pairs):
            found[groups[pair[side]]].add(place)
        return {frozenset(members) for members in found.values()}

    here, there = parts(one.groups, 0), parts(other.groups, 1)
    for members in sorted(here - there, key=min):
        parted = sorted({tuple(sorted(other_members)) for other_members in there if other_members & members})
        titles = "; ".join(_titles(one, pairs, members))
        told = " | ".join("; ".join(_titles(one, pairs, part)) for part in parted)
        yield f"a group in {names[0]}: {titles}; in {names[1]}: {told}"


def _titles(contents: Contents, pairs: Sequence[tuple[str, str]], members: Iterable[int]) -> list[str]:
    return [contents.articles[pairs[place][0]][0].title for place in sorted(members)]


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    """Of revisions that were published, by guid, title and hash of the text: how they stand in an OUT.

    missing: not there. doubled: there more than once. unknown: rows of nothing that was published.
    """

    missing: list[tuple[str, str, str]]
    doubled: list[tuple[str, str, str]]
    unknown: list[tuple[str, str, str]]
    rows: int


def account(out: Path, published: Collection[tuple[str, str, str]]) -> Account:
    """Looks each published revision up in the tables. Raises ArrowException or OSError where a file is torn."""
    found: Counter[tuple[str, str, str]] = Counter()
    for table in _ARTICLE_TABLES:
        for path in sorted((out / table).rglob("*.parquet")):
            read = pq.ParquetFile(path).read(columns=["origin", "title", "content_hash"])
            found.update(
                (row["origin"]["guid"], row["title"], row["content_hash"]) for row in read.to_pylist()
            )
    keys = set(published)
    return Account(
        missing=sorted(keys - found.keys()),
        doubled=sorted(key for key, count in found.items() if count > 1),
        unknown=sorted(found.keys() - keys, key=str),
        rows=found.total(),
    )


def main() -> int:
    """Compares from the command line; 1 where there are differences."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("one", type=Path, metavar="OUT")
    parser.add_argument("other", type=Path, metavar="OUT")
    parser.add_argument("--most", type=int, default=50, metavar="N", help="lines at the most (default: 50)")
    arguments = parser.parse_args()
    one, other = read_contents(arguments.one), read_contents(arguments.other)
    lines = differences(one, other, (arguments.one.name, arguments.other.name))
    for line in lines[: arguments.most]:
        print(line)  # noqa: T201
    print(f"{len(one.articles)} and {len(other.articles)} articles, {len(lines)} differences")  # noqa: T201
    return 1 if lines else 0


if __name__ == "__main__":
    raise SystemExit(main())
