"""What dedup compares and decides: keys and fingerprints of articles, never their texts."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from schemas.records import NearDuplicate

Verdict = Literal["kept", "duplicate", "unchanged"]

#: Why an article was set aside: it tells the same text, or nearly the same.
DuplicateReason = Literal["content", "near"]

#: What a version changed of the one before it: the headline alone, or the text.
Change = Literal["headline", "text"]


@dataclasses.dataclass(frozen=True, slots=True)
class RowRef:
    """A row of a staged file: the file's path, and the row's place in it."""

    file: str
    row: int


@dataclasses.dataclass(frozen=True, slots=True)
class ArticleKeys:
    """All that dedup needs to know of one staged article.

    article_id: the one that the article would have if nothing else were known (`identity.article_id`).
    identities: hashes of what names the article: its address, its guid.
    item_hash: of all that is compared; an item with a known one is unchanged.
    revision_hash: of headline and text, but for what changes while an article doesn't (`revisions`).
    content_hash: of the text, but for case, punctuation and white space.
    content_key: None where the text is too little to tell (`identity.content_key`).
    publisher: hash of the publisher, None where it isn't known.
    published_us, updated_us: microseconds since 1970 UTC, None where not stated.
    title_hash: of the headline, likewise.
    row_hash: of all that would be written but for where it was read; it decides between copies of one revision that
    differ in lesser things (a byline, a tag), so that the choice doesn't hang on the order in which they were read.
    origin_uri, origin_position: decide between copies that do not differ at all.
    also_in: other files or feeds of the run in which just this item stands, in order.
    bands, sketch, shingle_count: the fingerprint (`near_duplicates.Fingerprint`); bands are empty where the text is
    too little to be anybody's copy, or where near-duplicates are not looked for.
    """

    ref: RowRef
    article_id: str
    identities: tuple[str, ...]
    item_hash: str
    revision_hash: str
    content_hash: str
    title_hash: str
    content_key: str | None
    publisher: str | None
    published_us: int | None
    updated_us: int | None
    row_hash: str
    origin_uri: str
    origin_position: int
    bands: bytes = b""
    sketch: bytes = b""
    shingle_count: int = 0
    also_in: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one staged article.

    article_id, version, group_id: set unless the verdict is "unchanged".
    supersedes: the version before this one, None for the first; change: what differs from it.
    duplicate_of: the article_id of the survivor; reason, similarity (Jaccard) and containment, 0 to 1, say how alike
    they are. Set for duplicates only.
    origins: files and feeds of the run that this version was found in.
    near_duplicates: articles known already, or ranking before this one, that it is alike; by article_id.
    """

    ref: RowRef
    verdict: Verdict
    article_id: str = ""
    version: int = 0
    group_id: str = ""
    supersedes: int | None = None
    change: Change | None = None
    duplicate_of: str | None = None
    reason: DuplicateReason | None = None
    similarity: float | None = None
    containment: float | None = None
    origins: int = 1
    near_duplicates: tuple[NearDuplicate, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Regrouping:
    """A committed article whose group is another than its rows say, since others have come.

    sequence: counts the regroupings of an article from 1; the highest holds. group_id: of its group from now on.
    """

    article_id: str
    sequence: int
    group_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class KnownRevision:
    """A row of `_index/articles`: one committed version of an article.

    moment_us: when it was published, else updated, in microseconds since 1970 UTC.
    kept: whether it stands in `articles`, not in `duplicates`.
    """

    article_id: str
    version: int
    revision_hash: str
    content_hash: str
    title_hash: str
    group_id: str
    publisher: str | None
    moment_us: int | None
    kept: bool


@dataclasses.dataclass(frozen=True, slots=True)
class KnownFingerprint:
    """A row of `_index/fingerprints`: of one committed version of an article."""

    article_id: str
    version: int
    bands: bytes
    sketch: bytes
    shingle_count: int


@dataclasses.dataclass(frozen=True, slots=True)
class DeadLetterKey:
    """All that is shuffled of a staged dead letter: its row, the key it is known again by, and why it's there.

    payload_bytes: of the payload that is kept.
    """

    ref: RowRef
    key: str
    stage: str
    reason: str
    detail: str
    payload_bytes: int


@dataclasses.dataclass(frozen=True, slots=True)
class KeysBatch:
    """Keys of some articles, shuffled together."""

    keys: tuple[ArticleKeys, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class DecisionBatch:
    """Decisions on some rows of one staged file, shuffled together."""

    decisions: tuple[Decision, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class DeadLetterKeyBatch:
    """Keys of some dead letters, shuffled together."""

    keys: tuple[DeadLetterKey, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class IndexRows:
    """Rows for one index: its name, and a tuple of column values for each row, in the order of its schema.

    Hashes stand as they are written in the tables; other values are int, bool, bytes or None.
    """

    index: str
    rows: tuple[tuple[Any, ...], ...]
