"""What is known that touches new items: the look-ups of dedup, and what it leaves to be looked up later.

Loads no Beam: an engine's steps and a small batch in this process ask alike.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.dedup import (
    ArticleKeys,
    Decision,
    IndexRows,
    KnownFingerprint,
    KnownRevision,
    Regrouping,
)
from schemas.settling import Told
from transforms.functions.candidates import IDENTITY, OWN_ID, known_rank, known_version
from transforms.functions.dedup import moment_us, survivor_rank
from transforms.functions.identity import hash_key
from transforms.functions.stories import CIRCLE_STEPS, Circle, Known, Settlement, stated_by


class Lookup(Protocol):
    """What dedup asks of an index."""

    def lookup(self, keys: list[bytes]) -> pa.Table:
        """All rows whose 16-byte key is among those given, in no order."""

    def sharing_bands(self, bands: npt.NDArray[np.uint32], since_us: int) -> pa.Table:
        """All rows of the index of fingerprints, not older, that share a band key, in no order."""


@runtime_checkable
class FingerprintLookup(Lookup, Protocol):
    """What dedup asks of the index of fingerprints where it is settled on many workers."""

    @property
    def segments(self) -> tuple[str, ...]:
        """Names of its segments; known without reading."""

    def pieces(self, segment: str) -> int:
        """In how many pieces a segment can be read."""

    def bands_of(self, segment: str, piece: int, since_us: int) -> pa.Table:
        """Columns key, version and bands of a piece, without rows that are older."""


@dataclasses.dataclass(frozen=True, slots=True)
class KnownArticles:
    """The indexes that dedup looks things up in, of the names in `schemas.index.INDEXES`."""

    items: Lookup
    identities: Lookup
    articles: Lookup
    contents: Lookup
    fingerprints: Lookup
    links: Lookup
    regrouped: Lookup


class Recollection:
    """What the indexes hold of new items, and of what those lead to.

    near: whether near-duplicates are looked for; since_us: from when on committed articles count as near, in
    microseconds since 1970 UTC.
    """

    def __init__(self, known: KnownArticles, near: bool, since_us: int) -> None:
        self._known = known
        self._near = near
        self._since_us = since_us

    def known_to(self, new: Collection[ArticleKeys]) -> Known:
        """What is known that touches anything new."""
        identities = _named(
            self._known.identities.lookup(_keys_of(name for keys in new for name in keys.identities)),
            {hash_key(name): name for keys in new for name in keys.identities},
        )
        contents = _named(
            self._known.contents.lookup(_keys_of(keys.content_key for keys in new)),
            {hash_key(keys.content_key): keys.content_key for keys in new if keys.content_key},
        )
        fingerprints = []
        if self._near:
            bands = np.frombuffer(b"".join(keys.bands for keys in new), dtype="<u4")
            fingerprints = _fingerprints(self._known.fingerprints.sharing_bands(bands, self._since_us))
        touched = {keys.article_id for keys in new} | set(identities.values()) | set(contents.values())
        touched |= {fingerprint.article_id for fingerprint in fingerprints}
        revisions = self.revisions(touched)
        return Known(identities, contents, revisions, fingerprints)

    def articles_of(self, kind: int, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """The known articles that tokens lead to, by token. kind: of `candidates.TOKENS`."""
        if kind == OWN_ID:
            rows = self._known.articles.lookup(list(keys))
            return {key: key for key in rows.column("key").to_pylist()}
        index = self._known.identities if kind == IDENTITY else self._known.contents
        return _smallest_articles(index.lookup(list(keys)))

    def told_of(self, ranks: Collection[bytes]) -> dict[bytes, Told]:
        """What known versions are told by, by rank (`candidates.known_rank`)."""
        articles = {article for article, _ in filter(None, map(known_version, ranks))}
        stated = {
            (revision.article_id, revision.version): stated_by(revision)
            for revisions in self.revisions("a1" + article.hex() for article in articles).values()
            for revision in revisions
        }
        wanted = set(ranks)
        found = {}
        for row in self._known.fingerprints.lookup(list(articles)).to_pylist():
            rank = known_rank(row["key"], row["version"])
            if rank in wanted:
                its = stated.get(("a1" + row["key"].hex(), row["version"]), stated_by(None))
                found[rank] = Told(rank, row["sketch"], row["shingle_count"], *its)
        return found

    def circle_of(self, article_ids: Collection[str], compared: Collection[str] = ()) -> Circle:
        """What near-duplicates lead to from some articles. compared: those whose fingerprints are wanted anyway."""
        distance, links = self.followed(article_ids)
        members = _keys_of(distance)
        return Circle(
            distance,
            links,
            self.revisions(distance),
            _fingerprints(self._known.fingerprints.lookup(_keys_of({*links, *compared}))),
            self._regroupings(members),
        )

    def followed(self, article_ids: Collection[str]) -> tuple[dict[str, int], dict[str, set[str]]]:
        """Distances and links of a `Circle`: follows near-duplicates from some articles, one look-up a step."""
        distance = dict.fromkeys(article_ids, 0)
        links: dict[str, set[str]] = defaultdict(set)
        outermost = list(distance)
        for step in range(1, CIRCLE_STEPS + 1):
            if not outermost:
                break
            rows = self._known.links.lookup(_keys_of(outermost))
            for key, other in zip(
                rows.column("key").to_pylist(), rows.column("other_id").to_pylist(), strict=True
            ):
                links["a1" + key.hex()].add("a1" + other.hex())
            outermost = sorted(
                {other for one in outermost for other in links.get(one, ()) if other not in distance}
            )
            distance |= dict.fromkeys(outermost, step)
        return distance, links

    def _regroupings(self, members: list[bytes]) -> dict[str, Regrouping]:
        last: dict[str, Regrouping] = {}
        for row in self._known.regrouped.lookup(members).sort_by("sequence").to_pylist():
            article_id = "a1" + row["key"].hex()
            last[article_id] = Regrouping(article_id, row["sequence"], "a1" + row["group_id"].hex())
        return last

    def revisions(self, article_ids: Iterable[str]) -> dict[str, list[KnownRevision]]:
        """All committed versions of some articles, in order; those without any are left out."""
        found: dict[str, list[KnownRevision]] = defaultdict(list)
        rows = self._known.articles.lookup(_keys_of(article_ids)).sort_by(
            [("key", "ascending"), ("version", "ascending")]
        )
        for row in rows.to_pylist():
            article_id = "a1" + row["key"].hex()
            found[article_id].append(
                KnownRevision(
                    article_id,
                    row["version"],
                    "r1" + row["revision_hash"].hex(),
                    "c1" + row["content_hash"].hex(),
                    "t1" + row["title_hash"].hex(),
                    "a1" + row["group_id"].hex(),
                    None if row["publisher"] is None else "p1" + row["publisher"].hex(),
                    row["moment_us"],
                    row["kept"],
                )
            )
        return found


def drop_known_items(items: Iterable[ArticleKeys], index: Lookup) -> tuple[list[ArticleKeys], list[Decision]]:
    """One of each item that is not known, and what every other one is: unchanged.

    index: of `items`. All copies of an item have to be among those given.
    """
    same: dict[str, list[ArticleKeys]] = defaultdict(list)
    for keys in items:
        same[keys.item_hash].append(keys)
    rows = index.lookup([hash_key(hashed) for hashed in same])
    known = set(rows.column("key").to_pylist())
    new: list[ArticleKeys] = []
    unchanged: list[Decision] = []
    for hashed, copies in same.items():
        if hash_key(hashed) not in known:
            first = min(copies, key=survivor_rank)
            copies = [keys for keys in copies if keys is not first]
            others = {keys.origin_uri for keys in copies} - {first.origin_uri}
            new.append(dataclasses.replace(first, also_in=tuple(sorted(others))) if others else first)
        unchanged += [Decision(keys.ref, "unchanged") for keys in copies]
    return new, unchanged


def _fingerprints(rows: pa.Table) -> list[KnownFingerprint]:
    return [
        KnownFingerprint(
            "a1" + row["key"].hex(), row["version"], row["bands"], row["sketch"], row["shingle_count"]
        )
        for row in rows.to_pylist()
    ]


def _keys_of(hashes: Iterable[str | None]) -> list[bytes]:
    return [hash_key(hashed) for hashed in {one for one in hashes if one is not None}]


def _named(rows: pa.Table, names: dict[bytes, str]) -> dict[str, str]:
    """Article ids by the hash that was looked up. Where runs without a lock have left two, the smaller counts."""
    return {names[key]: "a1" + article.hex() for key, article in _smallest_articles(rows).items()}


def _smallest_articles(rows: pa.Table) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for key, article in zip(
        rows.column("key").to_pylist(), rows.column("article_id").to_pylist(), strict=True
    ):
        found[key] = min(found.get(key, article), article)
    return found


def index_rows(settlement: Settlement, seen_us: int) -> Iterator[IndexRows]:
    """What the indexes have to remember of what was settled. seen_us: when it was committed."""
    rows: dict[str, list[tuple[str | int | bool | bytes | None, ...]]] = defaultdict(list)
    for one in settlement.items:
        keys, decision = one.keys, one.decision
        # What is written nowhere is not remembered either: the index holds nothing that the tables don't.
        if decision.verdict == "unchanged":
            continue
        rows["items"].append((keys.item_hash,))
        rows["identities"] += [(name, one.article_id) for name in keys.identities]
        kept = decision.verdict == "kept"
        rows["articles"].append(
            (
                one.article_id, decision.version, keys.revision_hash, keys.content_hash, keys.title_hash,
                decision.group_id, keys.publisher, moment_us(keys), kept,
            )
        )  # fmt: skip
        if kept and keys.content_key is not None:
            rows["contents"].append((keys.content_key, one.article_id))
        if keys.bands:
            rows["fingerprints"].append(
                (one.article_id, decision.version, seen_us, keys.bands, keys.sketch, keys.shingle_count)
            )
        for other in decision.near_duplicates:
            rows["links"] += [(one.article_id, other.article_id), (other.article_id, one.article_id)]
    rows["regrouped"] = [(one.article_id, one.sequence, one.group_id) for one in settlement.regroupings]
    for index, members in rows.items():
        if members:
            yield IndexRows(index, tuple(members))
