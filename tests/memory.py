"""What earlier runs have committed, in memory: settles runs over keys as the pipeline does over its index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from schemas.dedup import ArticleKeys, KnownFingerprint, KnownRevision, Regrouping
from transforms.functions.dedup import moment_us
from transforms.functions.stories import (
    CIRCLE_STEPS,
    Circle,
    Known,
    NearDuplicates,
    Settled,
    Settlement,
    settle_stories,
)


class Memory:
    """All of the index, however little of it a run touches."""

    def __init__(self) -> None:
        self.identities: dict[str, str] = {}
        self.contents: dict[str, str] = {}
        self.revisions: dict[str, list[KnownRevision]] = defaultdict(list)
        self.fingerprints: list[KnownFingerprint] = []
        self.links: dict[str, set[str]] = defaultdict(set)
        self.regroupings: dict[str, Regrouping] = {}

    def run(self, new: Sequence[ArticleKeys], near: NearDuplicates = "drop") -> list[Settled]:
        """Settles a run's items and commits them."""
        known = Known(self.identities, self.contents, self.revisions, self.fingerprints)
        settlement = settle_stories(new, known, near, circle_of=self.circle_of)
        self._commit(settlement)
        return settlement.items

    def circle_of(self, article_ids: Collection[str], compared: Collection[str] = ()) -> Circle:
        """The circle, step by step."""
        distance = dict.fromkeys(article_ids, 0)
        for step in range(1, CIRCLE_STEPS + 1):
            further = {other for one in distance for other in self.links.get(one, ())} - distance.keys()
            distance |= dict.fromkeys(further, step)
        inner = {one: self.links.get(one, ()) for one, step in distance.items() if step < CIRCLE_STEPS}
        return Circle(
            distance,
            inner,
            {one: self.revisions[one] for one in distance},
            [print_ for print_ in self.fingerprints if print_.article_id in distance],
            {one: self.regroupings[one] for one in distance if one in self.regroupings},
        )

    def group_of(self, article_id: str) -> str:
        """The group that an article is in by now, as its rows and its regroupings say together."""
        regrouping = self.regroupings.get(article_id)
        return self.revisions[article_id][-1].group_id if regrouping is None else regrouping.group_id

    def groups(self) -> set[frozenset[str]]:
        """All groups: the ids of their members."""
        members: dict[str, set[str]] = defaultdict(set)
        for article_id in self.revisions:
            members[self.group_of(article_id)].add(article_id)
        return {frozenset(ids) for ids in members.values()}

    def _commit(self, settlement: Settlement) -> None:
        for one in settlement.items:
            its, decision = one.keys, one.decision
            if decision.verdict == "unchanged":
                continue
            self.identities.update(dict.fromkeys(its.identities, one.article_id))
            kept = decision.verdict == "kept"
            self.revisions[one.article_id].append(
                KnownRevision(
                    one.article_id, decision.version, its.revision_hash, its.content_hash, its.title_hash,
                    decision.group_id, its.publisher, moment_us(its), kept,
                )
            )  # fmt: skip
            if kept and its.content_key:
                self.contents[its.content_key] = one.article_id
            if its.bands:
                self.fingerprints.append(
                    KnownFingerprint(
                        one.article_id, decision.version, its.bands, its.sketch, its.shingle_count
                    )
                )
            for other in decision.near_duplicates:
                self.links[one.article_id].add(other.article_id)
                self.links[other.article_id].add(one.article_id)
        self.regroupings.update({one.article_id: one for one in settlement.regroupings})
