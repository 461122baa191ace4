"""The rules of dedup, as functions of what is new and what is known.

Neither looks at the order of its input: the same set of articles gets the same decisions, however it was read.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections import defaultdict
from collections.abc import Sequence

from schemas.dedup import ArticleKeys, Candidate, Decision, KnownContent, KnownRevision, RowRef
from schemas.records import Article
from transforms.functions.identity import content_key, revision_hash, row_hash

_NEVER = sys.maxsize
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


def article_keys(article: Article, file: str, row: int) -> ArticleKeys:
    """The keys of an article that is staged as row `row` of `file`."""
    return ArticleKeys(
        ref=RowRef(file, row),
        article_id=article.article_id,
        revision_hash=revision_hash(article.title, article.content_hash),
        content_key=content_key(article),
        published_us=_epoch_us(article.published_at),
        updated_us=_epoch_us(article.updated_at),
        row_hash=row_hash(article),
        origin_uri=article.origin.uri,
        origin_position=article.origin.position,
    )


def _epoch_us(moment: dt.datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // dt.timedelta(microseconds=1)


def survivor_rank(keys: ArticleKeys) -> tuple[int, str, str, str, int]:
    """Orders copies of one text: the smallest survives.

    Earliest published first (undated last), then the smallest id; copies of one article by what they say, and only
    then by where they were read. All articles of a run are first seen at the same moment, so what was seen in an
    earlier run is settled by the index, not here.
    """
    published = _NEVER if keys.published_us is None else keys.published_us
    return (published, keys.article_id, keys.row_hash, keys.origin_uri, keys.origin_position)


def number_versions(
    new: Sequence[ArticleKeys], known: Sequence[KnownRevision]
) -> tuple[list[Candidate], list[Decision]]:
    """Tells the new revisions of one article from copies of what is there.

    new: the run's items under one article_id. known: that article's committed revisions, in any order.

    Returns the new revisions, numbered after the known ones in order of update, publication and hash; and an
    "unchanged" decision for every other item.
    """
    known_hashes = {revision.revision_hash for revision in known}
    copies: dict[str, list[ArticleKeys]] = defaultdict(list)
    unchanged: list[Decision] = []
    for keys in new:
        if keys.revision_hash in known_hashes:
            unchanged.append(Decision(keys.ref, "unchanged"))
        else:
            copies[keys.revision_hash].append(keys)
    firsts: list[ArticleKeys] = []
    for same in copies.values():
        first, *others = sorted(same, key=survivor_rank)
        firsts.append(first)
        unchanged += [Decision(keys.ref, "unchanged") for keys in others]
    firsts.sort(key=_revision_order)
    group_id = min(known, key=lambda revision: revision.version).group_id if known else None
    last = max((revision.version for revision in known), default=0)
    return [
        Candidate(keys, last + number, group_id or keys.article_id)
        for number, keys in enumerate(firsts, start=1)
    ], unchanged


def _revision_order(keys: ArticleKeys) -> tuple[int, int, str]:
    published = _NEVER if keys.published_us is None else keys.published_us
    return (published if keys.updated_us is None else keys.updated_us, published, keys.revision_hash)


def settle_content(candidates: Sequence[Candidate], known: KnownContent | None) -> list[Decision]:
    """Keeps one article of those that tell the same text, and sets the others aside.

    candidates: new revisions with one content_key. known: the article in the tables that has this text already.

    Revisions of the survivor itself are all kept: a headline can change over an unchanged text.
    """
    if known is not None:
        survivor_id, group_id = known.article_id, known.group_id
    else:
        survivor = min(candidates, key=lambda candidate: survivor_rank(candidate.keys))
        survivor_id, group_id = survivor.keys.article_id, survivor.group_id
    decisions = []
    for candidate in candidates:
        if candidate.keys.article_id == survivor_id:
            decisions.append(keep(candidate))
        else:
            decisions.append(
                Decision(candidate.keys.ref, "duplicate", candidate.version, group_id, survivor_id, "content")
            )
    return decisions


def keep(candidate: Candidate) -> Decision:
    """The decision to keep a new revision."""
    return Decision(candidate.keys.ref, "kept", candidate.version, candidate.group_id)


def known_revision(candidate: Candidate, decision: Decision) -> KnownRevision:
    """What `_index/articles` remembers of a revision that was kept or set aside."""
    return KnownRevision(
        candidate.keys.article_id, candidate.version, candidate.keys.revision_hash, decision.group_id
    )


def known_content(candidate: Candidate, decision: Decision) -> KnownContent | None:
    """What `_index/contents` remembers of a decided revision's text.

    None where there is nothing to remember: a text that is too little to tell, or one that was set aside, for its
    survivor stands for it.
    """
    if decision.verdict != "kept" or candidate.keys.content_key is None:
        return None
    return KnownContent(candidate.keys.content_key, candidate.keys.article_id, decision.group_id)
