"""What dedup compares and decides: keys of articles, never their texts."""

from __future__ import annotations

import dataclasses
from typing import Literal

Verdict = Literal["kept", "duplicate", "unchanged"]


@dataclasses.dataclass(frozen=True, slots=True)
class RowRef:
    """A row of a staged file: the file's path, and the row's place in it."""

    file: str
    row: int


@dataclasses.dataclass(frozen=True, slots=True)
class ArticleKeys:
    """All that dedup needs to know of one staged article.

    content_key: None where the text is too little to tell (`identity.content_key`).
    published_us, updated_us: microseconds since 1970 UTC, None where not stated.
    row_hash: of all that would be written but for where it was read; it decides between copies of one revision that
    differ in lesser things (a byline, a tag), so that the choice doesn't hang on the order in which they were read.
    origin_uri, origin_position: decide between copies that do not differ at all.
    """

    ref: RowRef
    article_id: str
    revision_hash: str
    content_key: str | None
    published_us: int | None
    updated_us: int | None
    row_hash: str
    origin_uri: str
    origin_position: int


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """A new revision of an article, numbered, before its text is compared with other articles'."""

    keys: ArticleKeys
    version: int
    group_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one staged article.

    version, group_id: set unless the verdict is "unchanged".
    duplicate_of: the article_id of the survivor, and reason why it is one ("content"); set for duplicates only.
    """

    ref: RowRef
    verdict: Verdict
    version: int = 0
    group_id: str = ""
    duplicate_of: str | None = None
    reason: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class KnownRevision:
    """A row of `_index/articles`: one committed version of an article, kept or set aside."""

    article_id: str
    version: int
    revision_hash: str
    group_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class KnownContent:
    """A row of `_index/contents`: a text that is in `articles`, and the article that tells it."""

    content_key: str
    article_id: str
    group_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class DeadLetterKey:
    """All that is shuffled of a staged dead letter: its row, the key it is known again by, and why it's there."""

    ref: RowRef
    key: str
    stage: str
    reason: str
    detail: str


@dataclasses.dataclass(frozen=True, slots=True)
class KeysBatch:
    """Keys of some articles, shuffled together."""

    keys: tuple[ArticleKeys, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class CandidateBatch:
    """Some candidates, shuffled together."""

    candidates: tuple[Candidate, ...]


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

    Hashes stand as they are written in the tables.
    """

    index: str
    rows: tuple[tuple[str | int, ...], ...]
