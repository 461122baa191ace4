"""Hashes of what is committed, by which `check` finds a single damaged byte."""

from __future__ import annotations

import concurrent.futures
import hashlib
from collections.abc import Iterable

from pipeline import files

_CHUNK_BYTES = 1 << 20

#: Side by side, since other filesystems take their time for each file; hashing itself lets other threads run.
_THREADS = 8


def hash_bytes(data: bytes) -> str:
    """The hash of some bytes: "h1", the recipe, and 128 bits of BLAKE2b in hex."""
    return "h1" + hashlib.blake2b(data, digest_size=16).hexdigest()


def hash_file(path: str) -> str:
    """The hash of a file's bytes, as `hash_bytes` makes it. Raises what `files.open_read` does."""
    digest = hashlib.blake2b(digest_size=16)
    with files.open_read(path) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            digest.update(chunk)
    return "h1" + digest.hexdigest()


def hash_files(paths: Iterable[str]) -> list[str]:
    """The hashes of some files, in their order."""
    with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(hash_file, paths))
