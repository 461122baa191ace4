"""Whether a feed's guids tell its items apart from poll to poll."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from schemas.records import RawItem

#: No more items of a document are remembered, 16 bytes each.
MAX_NAMES = 500

#: Items that two documents must have in common, by what they say, for anything to be told.
MIN_COMMON = 3

#: From this share of them on with another guid than before, guids change; an edit now and then changes none.
CHANGING_SHARE = 0.6

_Names = npt.NDArray[np.uint64]


def item_names(items: Iterable[RawItem]) -> bytes:
    """What is remembered of a document's items: a hash of the guid and one of title and address each, 8 bytes each.

    Items without a guid have 0 for it. Those that say neither title nor address are left out.
    """
    names = []
    for item in items:
        if item.title is None and item.url is None:
            continue
        guid = item.origin.guid
        names += [0 if guid is None else _hash(guid), _hash(f"{item.title}\n{item.url}")]
        if len(names) >= 2 * MAX_NAMES:
            break
    return np.array(names, dtype="<u8").tobytes()


def guids_are_changing(before: bytes, after: bytes) -> bool | None:
    """Whether items that both documents have, by what they say, have other guids in the second; None for can't tell.

    before, after: of `item_names`.
    """
    known, seen = _pairs(before), _pairs(after)
    guid_of: dict[int, int] = dict(zip(known[:, 1].tolist(), known[:, 0].tolist(), strict=True))
    common = [(guid_of[said], guid) for guid, said in seen.tolist() if said in guid_of and guid]
    common = [(old, new) for old, new in common if old]
    if len(common) < MIN_COMMON:
        return None
    changed = sum(old != new for old, new in common)
    return bool(changed >= CHANGING_SHARE * len(common))


def unstable_guids(before: bytes, after: bytes, are_shared: bool, was: str | None) -> str | None:
    """`FeedState.unstable_guids` once a document was parsed.

    are_shared: whether several of its items had one guid. was: what was said of the feed until now, which holds where
    this document can't tell.
    """
    if are_shared:
        return "not-unique"
    changing = guids_are_changing(before, after)
    if changing is None:
        return was
    return "changing" if changing else None


def _hash(text: str) -> int:
    # Never 0, which is none.
    return (
        int.from_bytes(
            hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little"
        )
        | 1
    )


def _pairs(names: bytes) -> _Names:
    return np.frombuffer(names, dtype="<u8").reshape(-1, 2)
