"""What is read: files found and opened, feed addresses found. Nothing here parses an item."""

from __future__ import annotations

import glob
import os
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from pipeline.files import is_local, open_read, require_filesystem
from schemas.errors import RecordError, UsageError
from schemas.records import OriginKind, Payload
from schemas.sources import SourceFile
from transforms.functions.charset import decode_text
from transforms.functions.compression import decompress, open_decompressed, strip_suffix
from transforms.functions.jsonl import iter_lines

#: How a file is parsed, by the end of its name (before .gz, .bz2 or .zst).
KINDS: dict[str, OriginKind] = {
    ".txt": "seed",
    ".xml": "feed",
    ".rss": "feed",
    ".atom": "feed",
    ".rdf": "feed",
    ".json": "feed",
    ".jsonl": "jsonl",
}

#: JSONL lines that are worked on together: enough to make a batch worth a shuffle, few enough to share out.
LINES_PER_PAYLOAD = 128

#: Bytes of lines after which a payload is closed early.
BYTES_PER_PAYLOAD = 1 << 20

_WILDCARD = re.compile(r"[*?\[]")


def find_files(patterns: Sequence[str]) -> tuple[list[SourceFile], Counter[str]]:
    """Expands paths, globs and folders (taken whole) on any of Beam's filesystems.

    Returns the files, each once, by path; and how many others were passed over in folders and globs because
    nothing reads their kind, by ending. A file that is named outright is taken whatever its ending is.

    Raises UsageError for a path without wildcards where nothing is.
    """
    found: dict[str, SourceFile] = {}
    passed_over: Counter[str] = Counter()
    for pattern in patterns:
        for path, size, outright in _match(pattern):
            bare, codec = strip_suffix(path)
            ending = os.path.splitext(bare)[1].lower()
            kind = KINDS.get(ending)
            if kind is None and not outright:
                passed_over[ending or "(none)"] += 1
            else:
                found[path] = SourceFile(path, size, kind, codec)
    return [found[path] for path in sorted(found)], passed_over


def _match(pattern: str) -> list[tuple[str, int, bool]]:
    """What a path, folder or pattern matches: (path, bytes, named outright)."""
    if is_local(pattern):
        if os.path.isfile(pattern):
            return [(pattern, os.path.getsize(pattern), True)]
        if os.path.isdir(pattern):
            return list(_walk(pattern))
        if not _WILDCARD.search(pattern):
            raise UsageError(f"--input {pattern}: no such file or folder")
        matches: list[tuple[str, int, bool]] = []
        for path in sorted(glob.iglob(pattern, recursive=True)):
            matches += _walk(path) if os.path.isdir(path) else [(path, os.path.getsize(path), False)]
        return matches
    return _match_remote(pattern)


def _walk(folder: str) -> Iterator[tuple[str, int, bool]]:
    for parent, folders, names in os.walk(folder):
        # Hidden files and folders are tools' and half-written copies', as to every shell.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = os.path.join(parent, name)
            if not name.startswith(".") and os.path.isfile(path):
                yield path, os.path.getsize(path), False


def _match_remote(pattern: str) -> list[tuple[str, int, bool]]:
    from apache_beam.io.filesystems import FileSystems

    require_filesystem(pattern)
    named = not _WILDCARD.search(pattern)
    patterns = [pattern] if not named else [pattern, pattern.rstrip("/") + "/**"]
    exact, *below = FileSystems.match(patterns)
    matches = [(found.path, found.size_in_bytes, named) for found in exact.metadata_list]
    for match in below:
        matches += [(found.path, found.size_in_bytes, False) for found in match.metadata_list]
    # Object stores have no empty folders: what is not there can't be told from what is empty.
    if named and not matches:
        raise UsageError(f"--input {pattern}: no such file, and no file in a folder of that name")
    return matches


def read_payloads(
    source: SourceFile, max_bytes: int, advance: Callable[[int], None] = lambda _: None
) -> Iterator[Payload]:
    """Reads a file as payloads: one for a seed or a feed, one for some lines each of JSONL.

    max_bytes: the most that a seed or a feed may hold once decompressed. JSONL is read line by line, and a line
    that is too long (`jsonl.MAX_LINE_BYTES`) is cut, for the parser to refuse.
    advance: told how many more of the file's bytes, as stored, have been gone through; in all, its size.

    Raises RecordError "unknown-format", "unreadable", "decompression-failed" or "too-large"; what was yielded
    before stands.
    """
    told = 0
    try:
        for payload, position in _payloads(source, max_bytes):
            advance(max(0, min(position, source.bytes) - told))
            told = max(told, min(position, source.bytes))
            yield payload
    except RecordError as error:
        raise RecordError(error.reason, f"{source.path}: {error.detail}") from error
    finally:
        advance(source.bytes - told)


def _payloads(source: SourceFile, max_bytes: int) -> Iterator[tuple[Payload, int]]:
    """The payloads of a file, each with the place in the file, as stored, up to which it was read."""
    if source.kind is None:
        raise RecordError("unknown-format", f"its name ends in none of {' '.join(KINDS)}")
    try:
        with open_read(source.path) as file:
            if source.kind == "jsonl":
                lines = iter_lines(open_decompressed(file, source.codec))
                for payload in _line_payloads(source.path, lines):
                    # At its end the reader closes the file under it.
                    yield payload, source.bytes if file.closed else file.tell()
                return
            # One byte more than allowed is enough to know that it is too much.
            data = file.read(max_bytes + 1) if source.codec is None else file.read()
    except OSError as error:
        raise RecordError("unreadable", error.strerror or str(error)) from error
    if source.codec is not None:
        data = decompress(data, source.codec, max_bytes)
    if len(data) > max_bytes:
        raise RecordError("too-large", f"more than {max_bytes} bytes")
    yield Payload(source.kind, source.path, (data,)), source.bytes


def _line_payloads(path: str, lines: Iterable[tuple[int, bytes]]) -> Iterator[Payload]:
    """Numbered lines as payloads; each holds lines that follow one another without a gap."""
    parts: list[bytes] = []
    held = start = 0
    for number, line in lines:
        full = len(parts) >= LINES_PER_PAYLOAD or held >= BYTES_PER_PAYLOAD
        if parts and (full or number != start + len(parts)):
            yield Payload("jsonl", path, tuple(parts), start)
            parts, held = [], 0
        if not parts:
            start = number
        parts.append(line.rstrip(b"\r\n"))
        held += len(line)
    if parts:
        yield Payload("jsonl", path, tuple(parts), start)


def find_feeds(given: Sequence[str]) -> list[str]:
    """Feed addresses from addresses, lists of addresses (one a line, # for comments) and OPML files; each once.

    Raises UsageError where a list can't be read, or holds no address.
    """
    addresses: dict[str, None] = {}
    for entry in given:
        if entry.lower().startswith(("http://", "https://")):
            addresses[entry] = None
            continue
        try:
            with open_read(entry) as file:
                text, _ = decode_text(file.read())
        except OSError as error:
            raise UsageError(
                f"--feeds {entry}: neither an http(s) address nor a file that can be read ({error})"
            ) from error
        listed = _listed_addresses(entry, text)
        if not listed:
            raise UsageError(f"--feeds {entry}: no http(s) address in it")
        addresses.update(dict.fromkeys(listed))
    return list(addresses)


def _listed_addresses(path: str, text: str) -> list[str]:
    if text.lstrip().startswith("<"):
        try:
            root = ElementTree.fromstring(text.encode("utf-8"), ElementTree.XMLParser(encoding="utf-8"))
        except ElementTree.ParseError as error:
            raise UsageError(f"--feeds {path}: not readable as OPML ({error})") from error
        if root.tag.lower() != "opml":
            raise UsageError(
                f"--feeds {path}: a <{root.tag}> document, not OPML; a feed saved to a file goes to --input"
            )
        stated = [outline.get("xmlUrl") or outline.get("xmlurl") or "" for outline in root.iter("outline")]
    else:
        stated = [
            line.split("#", 1)[0] if line.lstrip().startswith("#") else line for line in text.splitlines()
        ]
    addresses = [address.strip() for address in stated]
    for address in addresses:
        if address and not address.lower().startswith(("http://", "https://")):
            raise UsageError(f"--feeds {path}: {address[:80]!r} is not an http(s) address")
    return [address for address in addresses if address]
