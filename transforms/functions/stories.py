"""Which articles are new, which are versions, which are duplicates: one function of what is new and what is known.

Nothing here looks at the order of its input. The same items get the same decisions, however they were read, batched
or sharded; what was committed by earlier runs is never taken back.

    items -> the same article?   by address, by guid, or by publisher, day and near-equal text
          -> the same revision?  unchanged, or the next version
          -> the same story?     the article that ranks first is kept, the others are its duplicates

Groups come out the same in whatever runs the items come: they are decided on all articles that near-duplicates lead
to, known ones included (`Circle`).
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from schemas.dedup import ArticleKeys, Decision, KnownFingerprint, KnownRevision, Regrouping
from schemas.records import NearDuplicate
from schemas.settling import NearPair
from transforms.functions.dedup import RANK_BYTES, moment_us, rank_key, survivor_rank
from transforms.functions.groups import group, name_groups
from transforms.functions.near_duplicates import (
    BANDS,
    Fingerprint,
    Similarity,
    candidate_pairs,
    could_be_near,
    is_near_duplicate,
    is_related,
    verify,
)

NearDuplicates = Literal["off", "mark", "drop"]

#: Two items of one publisher with nearly the same text are one article if they were published within this time.
SAME_ARTICLE_US = 24 * 3600 * 1_000_000

#: And if they have one headline, and so much of the shorter text stands in the longer: an edit leaves most of a text
#: alone. The next notice from the same form does that too, but not under the same headline.
SAME_ARTICLE_CONTAINMENT = 0.8


#: Two texts of one publisher under two headlines, one of them with fewer shingles than this, are two notices from one
#: form, however alike they are.
NOTICE_SHINGLES = 128


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """What earlier runs have committed, as far as the new items touch it.

    identities: hash of an address or guid -> article_id. contents: content_key -> article_id of the article kept.
    revisions: article_id -> its committed versions. fingerprints: of committed versions that share a band with
    something new.
    """

    identities: Mapping[str, str] = dataclasses.field(default_factory=dict)
    contents: Mapping[str, str] = dataclasses.field(default_factory=dict)
    revisions: Mapping[str, Sequence[KnownRevision]] = dataclasses.field(default_factory=dict)
    fingerprints: Sequence[KnownFingerprint] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Circle:
    """The committed articles that near-duplicates lead to from some others: what their groups are decided on.

    distance: article_id -> number of near-duplicates to it, 0 for those that were asked for; at most `CIRCLE_STEPS`.
    links: article_id -> its near-duplicates, for those at less than that distance.
    revisions: of all of them, all versions. fingerprints: likewise, at least of those that have links and of those that
    are compared; not only of versions that share a band with something new, or else what an article is held against
    would hang on what else comes in the run.
    regroupings: article_id -> the last one, for those that were regrouped.
    """

    distance: Mapping[str, int] = dataclasses.field(default_factory=dict)
    links: Mapping[str, Collection[str]] = dataclasses.field(default_factory=dict)
    revisions: Mapping[str, Sequence[KnownRevision]] = dataclasses.field(default_factory=dict)
    fingerprints: Sequence[KnownFingerprint] = ()
    regroupings: Mapping[str, Regrouping] = dataclasses.field(default_factory=dict)


#: The circle of some committed articles: their ids, and which of them are compared though they may have no links.
CircleOf = Callable[[Collection[str], Collection[str]], Circle]

#: A chain of near-duplicates is followed so far, in both directions, and articles are regrouped up to half as far. All
#: but a series in which each part repeats the one before ends sooner.
CIRCLE_STEPS = 8
REGROUPED_STEPS = 4

#: Versions of an article by which it is held against a third article's: more would say the same.
_PRINTS = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Settled:
    """One new item with its article and what was decided."""

    keys: ArticleKeys
    article_id: str
    decision: Decision


@dataclasses.dataclass(frozen=True, slots=True)
class Settlement:
    """What was decided on new items, and which committed articles belong to another group since."""

    items: list[Settled]
    regroupings: list[Regrouping]


@dataclasses.dataclass(frozen=True, slots=True)
class _Pair:
    """Two near-duplicates, by place in the list of new items. one: it ranks first, or is a known article's id."""

    one: int | str
    other: int
    containment: float
    jaccard: float


def settle_stories(
    new: Iterable[ArticleKeys],
    known: Known,
    near: NearDuplicates,
    window_us: int = 30 * 24 * 3600 * 1_000_000,
    circle_of: CircleOf = lambda _, __: Circle(),
) -> Settlement:
    """Decides on every new item. No two of them have the same item_hash.

    near: "off" looks for no near-duplicates, "mark" gives them one group_id and keeps all, "drop" keeps one.
    window_us: microseconds that may lie between the days of two near-duplicates, where both state one: this year's
    notice of the fair is not last year's.
    circle_of: the circle of committed articles; called once.
    """
    items = sorted(new, key=survivor_rank)
    pairs = [] if near == "off" else _near_pairs(items, known, window_us)
    return _settle(items, pairs, known, near, circle_of)


def settle_apart(
    new: Iterable[ArticleKeys],
    pairs: Iterable[NearPair],
    known: Known,
    near: NearDuplicates,
    circle_of: CircleOf = lambda _, __: Circle(),
) -> Settlement:
    """Decides on some of a run's new items as `settle_stories` would on all of them.

    They have to be all that bear on one another: by a name or a text that two of them have, as near-duplicates, by a
    known article that they lead to, or by committed near-duplicates (`Circle`) that they do.
    pairs: of near-duplicates among them, and with known ones; those of one item in the order of `candidate_pairs`.
    known: what touches these items; its fingerprints are not looked at. The rest as for `settle_stories`.
    """
    items = sorted(new, key=survivor_rank)
    place_of = {rank_key(keys): place for place, keys in enumerate(items)}
    found = [
        _Pair(
            "a1" + pair.one.hex() if len(pair.one) < RANK_BYTES else place_of[pair.one],
            place_of[pair.other],
            pair.containment,
            pair.jaccard,
        )
        for pair in pairs
    ]
    return _settle(items, sorted(found, key=lambda pair: pair.other), known, near, circle_of)


def _settle(
    items: Sequence[ArticleKeys],
    pairs: Sequence[_Pair],
    known: Known,
    near: NearDuplicates,
    circle_of: CircleOf,
) -> Settlement:
    article_of = _resolve_articles(items, known, pairs)
    unchanged, revisions = _new_revisions(items, article_of, known)
    origins = _origins(items, article_of)
    settled = [Settled(items[place], article_of[place], _unchanged(items[place])) for place in unchanged]
    stories = _Stories(items, article_of, revisions, known, pairs, circle_of, origins)
    for article_id, places in revisions.items():
        settled += stories.settle(article_id, places, drop=near != "mark")
    return Settlement(settled, stories.regroupings())


def _unchanged(keys: ArticleKeys) -> Decision:
    return Decision(keys.ref, "unchanged")


def _near_pairs(items: Sequence[ArticleKeys], before: Known, window_us: int) -> list[_Pair]:
    """Verified near-duplicates among the items, and between them and what is known."""
    known = before.fingerprints
    revision_of = {
        (revision.article_id, revision.version): revision
        for revisions in before.revisions.values()
        for revision in revisions
    }

    def stated(row: int) -> Stated:
        node = nodes[row]
        if node >= 0:
            return moment_us(items[node]), items[node].publisher, items[node].title_hash
        return stated_by(revision_of.get((known[-1 - node].article_id, known[-1 - node].version)))

    new_places = [place for place, keys in enumerate(items) if keys.bands]
    # The order decides who is paired with whom in a crowded bucket: known ones first, by what they are.
    known_places = sorted(
        range(len(known)), key=lambda place: (known[place].article_id, known[place].version)
    )
    nodes = [-1 - place for place in known_places] + new_places
    prints = [_fingerprint(node, items, known) for node in nodes]
    matrix = np.frombuffer(b"".join(made.bands for made in prints), dtype="<u4").reshape(-1, BANDS)
    candidates = candidate_pairs(matrix, known=len(known_places))
    return [
        _Pair(
            nodes[first] if nodes[first] >= 0 else known[-1 - nodes[first]].article_id,
            nodes[second],
            similarity.containment,
            similarity.jaccard,
        )
        for first, second, similarity in judge(prints, stated, candidates, window_us)
    ]


#: What an item or a known revision says of itself: its moment, in microseconds since 1970 UTC, publisher and headline.
Stated = tuple[int | None, str | None, str | None]


def stated_by(revision: KnownRevision | None) -> Stated:
    """What a known revision says of itself; nothing where there is none."""
    return (None, None, None) if revision is None else (
        revision.moment_us, revision.publisher, revision.title_hash,
    )  # fmt: skip


def judge(
    prints: Sequence[Fingerprint],
    stated: Callable[[int], Stated],
    candidates: npt.NDArray[np.int64],
    window_us: int,
) -> Iterator[tuple[int, int, Similarity]]:
    """Which candidates are near-duplicates, in their order, and how alike they are.

    prints: all that are looked at; their bands are not. stated: by place. candidates: rows of two places.
    window_us: see `settle_stories`.
    """
    for first, second in candidates[could_be_near(prints, candidates)].tolist():
        (day, publisher, title), (other_day, other_publisher, other_title) = stated(first), stated(second)
        if day is not None and other_day is not None and abs(day - other_day) > window_us:
            continue
        one_paper = publisher is not None and publisher == other_publisher
        if (
            one_paper
            and title != other_title
            and min(prints[first].shingle_count, prints[second].shingle_count) < NOTICE_SHINGLES
        ):
            continue
        similarity = verify(prints[first], prints[second])
        if is_near_duplicate(similarity):
            yield first, second, similarity


def _fingerprint(node: int, items: Sequence[ArticleKeys], known: Sequence[KnownFingerprint]) -> Fingerprint:
    holder = items[node] if node >= 0 else known[-1 - node]
    return Fingerprint(holder.bands, holder.sketch, holder.shingle_count)


def _resolve_articles(items: Sequence[ArticleKeys], known: Known, pairs: Sequence[_Pair]) -> list[str]:
    """The article_id of each item: that of a known article where anything says so, else of the first of its kind."""
    parts = _Components(len(items))
    claims: list[set[str]] = [set() for _ in items]
    first_with: dict[str, int] = {}
    for place, keys in enumerate(items):
        for identity in keys.identities:
            parts.join(place, first_with.setdefault(identity, place))
            if identity in known.identities:
                claims[place].add(known.identities[identity])
    # What names an article outright goes before what only looks like it.
    named = [bool(claim) for claim in claims]
    committed = _Committed(known.revisions)

    # The first of each text, publisher and day, by the day: what is within a day of it lies in one of three.
    same_text: dict[tuple[str, str, int], int] = {}
    for place, keys in enumerate(items):
        moment = moment_us(keys)
        if keys.content_key is None or keys.publisher is None or moment is None:
            continue
        day = moment // SAME_ARTICLE_US
        around = (same_text.get((keys.content_key, keys.publisher, near)) for near in (day - 1, day, day + 1))
        first = min(
            (other for other in around if other is not None and _same_day(moment, moment_us(items[other]))),
            default=None,
        )
        if first is None:
            same_text[keys.content_key, keys.publisher, day] = place
        else:
            parts.join(place, first)
        holder = known.contents.get(keys.content_key)
        if holder is not None and not named[place] and committed.holds(holder, keys.publisher, moment, None):
            claims[place].add(holder)

    best: dict[int, tuple[float, int]] = {}
    for pair in pairs:
        if pair.containment < SAME_ARTICLE_CONTAINMENT:
            continue
        if isinstance(pair.one, str):
            keys = items[pair.other]
            if not named[pair.other] and committed.holds(
                pair.one, keys.publisher, moment_us(keys), keys.title_hash
            ):
                claims[pair.other].add(pair.one)
        elif _same_publisher_and_day(items[pair.one], items[pair.other]) and (
            items[pair.one].title_hash == items[pair.other].title_hash
        ):
            # To the likest only: a chain of small edits must not run from one notice to the next.
            candidate = (-pair.containment, pair.one)
            best[pair.other] = min(best.get(pair.other, candidate), candidate)
    for place, (_, other) in sorted(best.items()):
        if not (named[place] and named[other]):
            parts.join(place, other)

    of_part: dict[int, str] = {}
    for place in range(len(items)):
        claimed = min(claims[place], default=None)
        if claimed is not None:
            root = parts.root(place)
            of_part[root] = min(of_part.get(root, claimed), claimed)
    resolved = []
    for place in range(len(items)):
        root = parts.root(place)
        own = min(claims[place], default=None) if named[place] else None
        resolved.append(own or of_part.get(root) or items[root].article_id)
    return resolved


def _same_day(one_us: int | None, other_us: int | None) -> bool:
    return one_us is not None and other_us is not None and abs(one_us - other_us) <= SAME_ARTICLE_US


def _same_publisher_and_day(one: ArticleKeys, other: ArticleKeys) -> bool:
    return (
        one.publisher is not None
        and one.publisher == other.publisher
        and _same_day(moment_us(one), moment_us(other))
    )


class _Committed:
    """When known articles were published, by whom and under which headline.

    An article may have thousands of versions and be asked for by as many items: its times are put in order once.
    """

    def __init__(self, revisions: Mapping[str, Sequence[KnownRevision]]) -> None:
        self._revisions = revisions
        self._moments: dict[str, dict[tuple[str, str | None], list[int]]] = {}

    def holds(
        self, article_id: str, publisher: str | None, moment: int | None, title_hash: str | None
    ) -> bool:
        """Whether an article has a version of that publisher and day; title_hash: None for any headline."""
        if publisher is None or moment is None:
            return False
        if article_id not in self._moments:
            self._moments[article_id] = self._in_order(self._revisions.get(article_id, ()))
        moments = self._moments[article_id].get((publisher, title_hash), [])
        return bisect_left(moments, moment - SAME_ARTICLE_US) < bisect_right(
            moments, moment + SAME_ARTICLE_US
        )

    def _in_order(self, revisions: Sequence[KnownRevision]) -> dict[tuple[str, str | None], list[int]]:
        found: dict[tuple[str, str | None], list[int]] = defaultdict(list)
        for revision in revisions:
            if revision.publisher is not None and revision.moment_us is not None:
                found[revision.publisher, revision.title_hash].append(revision.moment_us)
                found[revision.publisher, None].append(revision.moment_us)
        return {of: sorted(moments) for of, moments in found.items()}


class _Components:
    """Sets of items that belong together; the root of each is its smallest place, which ranks first."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def root(self, place: int) -> int:
        while self._parent[place] != place:
            self._parent[place] = self._parent[self._parent[place]]
            place = self._parent[place]
        return place

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low


def _new_revisions(
    items: Sequence[ArticleKeys], article_of: Sequence[str], known: Known
) -> tuple[list[int], dict[str, list[int]]]:
    """Which items say nothing new of their article; and of each article the places that do, in order of versions."""
    unchanged = []
    seen: dict[str, set[str]] = {}
    new: dict[str, dict[str, int]] = defaultdict(dict)
    for place, keys in enumerate(items):
        article_id = article_of[place]
        if article_id not in seen:
            seen[article_id] = {revision.revision_hash for revision in known.revisions.get(article_id, ())}
        # Items are in order of their ranks: of copies of one revision the first stays.
        if keys.revision_hash in seen[article_id] or keys.revision_hash in new[article_id]:
            unchanged.append(place)
        else:
            new[article_id][keys.revision_hash] = place
    ordered = {
        article_id: sorted(places.values(), key=lambda place: _version_order(items[place]))
        for article_id, places in sorted(new.items())
        if places
    }
    return unchanged, ordered


def _origins(items: Sequence[ArticleKeys], article_of: Sequence[str]) -> dict[tuple[str, str], set[str]]:
    """The files and feeds that each revision of an article stands in, by article_id and revision_hash."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for keys, article_id in zip(items, article_of, strict=True):
        found[article_id, keys.revision_hash].update((keys.origin_uri, *keys.also_in))
    return found


_NEVER = 1 << 62


def _version_order(keys: ArticleKeys) -> tuple[int, int, str]:
    """What states no time goes before its correction, which states when it was made."""
    published = -_NEVER if keys.published_us is None else keys.published_us
    return (published if keys.updated_us is None else keys.updated_us, published, keys.revision_hash)


class _Stories:
    """Groups of articles that tell one story, and the decisions that follow."""

    def __init__(
        self,
        items: Sequence[ArticleKeys],
        article_of: Sequence[str],
        revisions: Mapping[str, Sequence[int]],
        known: Known,
        pairs: Sequence[_Pair],
        circle_of: CircleOf,
        origins: Mapping[tuple[str, str], Collection[str]],
    ) -> None:
        self._items = items
        self._origins = origins
        self._known = known
        self._places = revisions
        # By place, then by article: how alike they are. None is the same text, which no estimate can better.
        self._alike: dict[int, dict[str, _Pair | None]] = defaultdict(dict)
        # For each text the article that stands for it: a known one, else the first by rank.
        self._holders: dict[str, str] = {}
        self._neighbours: dict[str, set[str]] = defaultdict(set)
        self._collect(article_of, pairs)
        met = set(self._neighbours) | set(revisions)
        committed = sorted(article_id for article_id in met if article_id in known.revisions)
        # Only what has near-duplicates is ever held against a third article.
        self._circle = circle_of(
            committed, [article_id for article_id in committed if article_id in self._neighbours]
        )
        self._revisions = {**known.revisions, **self._circle.revisions}
        self._prints = self._collect_prints()
        self._group(met)

    def _collect(self, article_of: Sequence[str], pairs: Sequence[_Pair]) -> None:
        new = {place for places in self._places.values() for place in places}
        for pair in pairs:
            if pair.other in new and (isinstance(pair.one, str) or pair.one in new):
                one = pair.one if isinstance(pair.one, str) else article_of[pair.one]
                self._add(pair.other, article_of[pair.other], one, pair)
        for place in sorted(new):
            key = self._items[place].content_key
            if key is not None:
                holder = self._holders.setdefault(key, self._known.contents.get(key, article_of[place]))
                self._add(place, article_of[place], holder, None)

    def _add(self, place: int, article_id: str, other: str, pair: _Pair | None) -> None:
        if article_id == other:
            return
        alike = self._alike[place]
        held = alike.get(other, pair)
        if held is not None and pair is not None and pair.containment > held.containment:
            held = pair
        alike[other] = None if pair is None else held
        self._neighbours[article_id].add(other)
        self._neighbours[other].add(article_id)

    def _collect_prints(self) -> dict[str, list[Fingerprint]]:
        """What each article is held against a third one by: of its versions the same ones in whatever order."""
        found: dict[str, set[tuple[bytes, bytes, int]]] = defaultdict(set)
        for article_id, places in self._places.items():
            for place in places:
                its = self._items[place]
                if its.bands:
                    found[article_id].add((its.sketch, its.bands, its.shingle_count))
        for known in self._circle.fingerprints:
            found[known.article_id].add((known.sketch, known.bands, known.shingle_count))
        return {
            article_id: [
                Fingerprint(bands, sketch, count) for sketch, bands, count in sorted(prints)[:_PRINTS]
            ]
            for article_id, prints in found.items()
        }

    def _group(self, met: Collection[str]) -> None:
        for article_id, others in self._circle.links.items():
            for other in others:
                self._neighbours[article_id].add(other)
                self._neighbours[other].add(article_id)
        articles = met | self._circle.distance.keys()
        self._ranks = {article_id: self._rank(article_id) for article_id in articles}
        self._texts = {
            article_id: {revision.content_hash for revision in self._revisions.get(article_id, ())}
            | {self._items[place].content_hash for place in self._places.get(article_id, ())}
            for article_id in articles
        }
        self._current = {
            article_id: self._current_group(article_id)
            for article_id in articles
            if article_id in self._revisions
        }
        self._leaders = group(self._ranks, self._neighbours, self._are_related)
        self._names = name_groups(self._leaders, self._ranks, self._current)
        self._survivors: dict[str, str] = {}
        for article_id in sorted(articles, key=self._survival):
            if self._survival(article_id)[0] < 2:
                self._survivors.setdefault(self._leaders[article_id], article_id)

    def _rank(self, article_id: str) -> tuple[int, str]:
        """Orders articles by what they say, whichever run they came in: the earliest first."""
        stated = [revision.moment_us for revision in self._revisions.get(article_id, ())]
        stated += [moment_us(self._items[place]) for place in self._places.get(article_id, ())]
        return min((moment for moment in stated if moment is not None), default=_NEVER), article_id

    def _survival(self, article_id: str) -> tuple[int, tuple[int, str]]:
        """Orders the articles of a group: those in the tables, then those that may come to be, then the others."""
        if any(revision.kept for revision in self._revisions.get(article_id, ())):
            return 0, self._ranks[article_id]
        return 1 if article_id in self._places else 2, self._ranks[article_id]

    def _current_group(self, article_id: str) -> str:
        regrouping = self._circle.regroupings.get(article_id)
        return self._revisions[article_id][0].group_id if regrouping is None else regrouping.group_id

    def _are_related(self, one: str, other: str) -> bool:
        if other in self._neighbours[one] or not self._texts[one].isdisjoint(self._texts[other]):
            return True
        return any(
            is_related(verify(print_, other_print))
            for print_ in self._prints.get(one, ())
            for other_print in self._prints.get(other, ())
        )

    def _group_id(self, article_id: str) -> str:
        return self._names[self._leaders[article_id]]

    def regroupings(self) -> list[Regrouping]:
        """The committed articles whose group is not what it was."""
        found = []
        for article_id, current in sorted(self._current.items()):
            if (
                self._circle.distance.get(article_id, 0) <= REGROUPED_STEPS
                and self._group_id(article_id) != current
            ):
                last = self._circle.regroupings.get(article_id)
                sequence = 1 if last is None else last.sequence + 1
                found.append(Regrouping(article_id, sequence, self._group_id(article_id)))
        return found

    def settle(self, article_id: str, places: Sequence[int], drop: bool) -> list[Settled]:
        """Numbers the new revisions of one article and decides whether they are kept."""
        revisions = sorted(self._known.revisions.get(article_id, ()), key=lambda revision: revision.version)
        # What is kept stays, and what comes after it is its history.
        stays = any(revision.kept for revision in revisions)
        last = revisions[-1].version if revisions else 0
        before = revisions[-1].content_hash if revisions else None
        settled = []
        for number, place in enumerate(places, start=last + 1):
            keys = self._items[place]
            survivor = None if stays else self._survivor(article_id, keys, drop)
            reason, similarity, containment = self._likeness_to(survivor, place)
            # An article that was set aside may since have become one of its own.
            aside = survivor is not None and not (revisions and reason is None)
            change = None
            if before is not None:
                change = "headline" if before == keys.content_hash else "text"
            before = keys.content_hash
            decision = Decision(
                keys.ref,
                "duplicate" if aside else "kept",
                article_id,
                number,
                self._group_id(article_id),
                supersedes=number - 1 if number > 1 else None,
                change=change,  # type: ignore[arg-type]
                duplicate_of=survivor if aside else None,
                reason=(reason or "near") if aside else None,
                similarity=similarity if aside else None,
                containment=containment if aside else None,
                origins=len(self._origins[article_id, keys.revision_hash]),
                near_duplicates=self._near_duplicates(place),
            )
            settled.append(Settled(keys, article_id, decision))
        return settled

    def _survivor(self, article_id: str, keys: ArticleKeys, drop: bool) -> str | None:
        """The article that an item is set aside for: its group's, or where all are kept, one with its text."""
        if drop:
            holder = self._survivors[self._leaders[article_id]]
        else:
            holder = article_id if keys.content_key is None else self._holders[keys.content_key]
        return None if holder == article_id else holder

    def _near_duplicates(self, place: int) -> tuple[NearDuplicate, ...]:
        return tuple(
            NearDuplicate(other, 1.0, 1.0)
            if pair is None
            else NearDuplicate(other, pair.jaccard, pair.containment)
            for other, pair in sorted(self._alike.get(place, {}).items())
        )

    def _likeness_to(
        self, survivor: str | None, place: int
    ) -> tuple[Literal["content", "near"] | None, float | None, float | None]:
        """How an item is like the survivor of its group: why, Jaccard and containment; None where it isn't."""
        if survivor is None:
            return None, None, None
        keys = self._items[place]
        if keys.content_key is not None and (
            self._holders[keys.content_key] == survivor or keys.content_key in self._texts[survivor]
        ):
            return "content", 1.0, 1.0
        alike = survivor in self._alike.get(place, {})
        found = [
            verify(print_, Fingerprint(keys.bands, keys.sketch, keys.shingle_count))
            for print_ in self._prints.get(survivor, ())
            if keys.sketch
        ]
        if found:
            best = max(found, key=lambda similarity: (similarity.containment, similarity.jaccard))
            if alike or is_related(best):
                return "near", best.jaccard, best.containment
        return ("near", None, None) if alike else (None, None, None)
