"""What is read: files found and opened, feed addresses found. Nothing here parses an item."""

from __future__ import annotations

import dataclasses
import fnmatch
import io
import itertools
import logging
import os
import re
import stat
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, BinaryIO
from urllib.parse import unquote

from pipeline.files import is_local, open_read, require_filesystem
from schemas.errors import RecordError, UsageError
from schemas.records import OriginKind, Payload
from schemas.sources import Codec, LineRange, SourceFile
from transforms.functions.charset import decode_text
from transforms.functions.compression import open_decompressed, strip_suffix
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

#: The most that a list of feed addresses may hold, once decompressed.
MAX_LIST_BYTES = 64 << 20

_SKIP_BYTES = 1 << 20

_LISTS = (".opml", ".txt", ".xml")

_WILDCARD = re.compile(r"[*?\[]")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")

_LOG = logging.getLogger("newsbeam")


def find_files(patterns: Sequence[str], *, warns: bool = True) -> tuple[list[SourceFile], Counter[str]]:
    """Expands paths, globs and folders (taken whole) on the disk, also as file:///, and on Beam's filesystems.

    Returns the files, each once, by path; and how many others were passed over in folders and globs because
    nothing reads their kind, by ending. A file that is named outright is taken whatever its ending is. What is
    there and can't be read is among the files, with its `problem`. A link is read as what it leads to.

    warns: whether a pattern or folder with nothing to read in it is warned of. Raises UsageError for a path without
    wildcards where nothing is, and for a filesystem that can't be asked.
    """
    found: dict[str | bytes, SourceFile] = {}
    passed_over: Counter[str] = Counter()
    for pattern in patterns:
        is_empty = True
        for match in _match("--input", pattern):
            bare, codec = strip_suffix(match.path)
            ending = os.path.splitext(bare)[1].lower()
            kind = KINDS.get(ending)
            if kind is None and not match.is_certain:
                passed_over[ending or "(none)"] += 1
                continue
            is_empty = False
            source = _source(match, kind, codec)
            known = found.get(source.raw_name or source.path)
            # A link may tell the kind where its file's own name doesn't.
            if known is None or (known.kind is None and kind is not None):
                found[source.raw_name or source.path] = source
        if is_empty and warns:
            _LOG.warning("--input %s: nothing to read in it", pattern)
    return sorted(found.values(), key=lambda source: (source.path, source.raw_name or b"")), passed_over


@dataclasses.dataclass(frozen=True, slots=True)
class _Match:
    """What a path, folder or pattern leads to.

    path: as found. is_certain: whether it was named outright, or must be told of whatever its name is.
    problem, modified_ns: see `SourceFile`.
    """

    path: str
    bytes: int
    is_certain: bool = False
    problem: tuple[str, str] | None = None
    modified_ns: int | None = None


def _source(match: _Match, kind: OriginKind | None, codec: Codec | None) -> SourceFile:
    if not is_local(match.path):
        return SourceFile(match.path, match.bytes, kind, codec, match.problem, modified_ns=match.modified_ns)
    real = os.path.realpath(match.path)
    path = storable(real)
    raw_name = None if path == real else os.fsencode(real)
    return SourceFile(path, match.bytes, kind, codec, match.problem, raw_name, match.modified_ns)


def storable(name: str) -> str:
    """A local name as text that can be written anywhere: its bytes that are not UTF-8 become %XX.

    Names are bytes to the operating system, and Python stands lone surrogates for what it can't decode.

        >>> storable("caf\udce9.txt")
        'caf%E9.txt'
    """
    decoded = os.fsencode(name).decode("utf-8", "surrogateescape")
    return _NOT_UTF8.sub(lambda found: f"%{ord(found.group()) - 0xDC00:02X}", decoded)


def _match(option: str, pattern: str) -> Iterator[_Match]:
    """What a path, folder or pattern matches; option is named in the UsageError where it is a path to nothing."""
    if pattern[:7].lower() == "file://":
        # Beam has no file:// of its own.
        pattern = unquote(re.sub("^localhost/", "/", pattern[7:]), errors="surrogateescape")
    if not is_local(pattern):
        yield from _match_remote(option, pattern)
        return
    has_wildcard = _WILDCARD.search(pattern) is not None
    if has_wildcard and not os.path.lexists(pattern):
        refused: list[OSError] = []
        start, *parts = re.split("/+", pattern)
        for path in _expand(*((start + "/", parts) if not start else (".", [start, *parts])), refused):
            yield from _match_local(path, is_certain=False)
        for failure in refused:
            yield _unreadable(failure.filename or pattern, failure, is_certain=True)
        return
    try:
        os.lstat(pattern)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(f"{option} {pattern}: no such file or folder") from error
    except OSError as error:
        yield _unreadable(pattern, error, is_certain=True)
        return
    yield from _match_local(pattern, is_certain=True)


def _match_local(path: str, *, is_certain: bool) -> Iterator[_Match]:
    """A file as it is, or the files of a folder."""
    try:
        found = os.stat(path)
    except OSError as error:
        yield _unreadable(path, error, is_certain=is_certain)
        return
    if stat.S_ISDIR(found.st_mode):
        yield from _walk(path)
    elif stat.S_ISREG(found.st_mode):
        yield _Match(path, found.st_size, is_certain, modified_ns=found.st_mtime_ns)
    else:
        # To open it might be to wait for ever.
        yield _Match(path, 0, is_certain, ("not-a-file", "a pipe, socket or device"))


def _unreadable(path: str, error: OSError, *, is_certain: bool) -> _Match:
    detail = error.strerror or str(error)
    if os.path.islink(path):
        detail += f", where the link {storable(path)} leads"
    return _Match(path, 0, is_certain, ("unreadable", detail))


def _walk(folder: str) -> Iterator[_Match]:
    """All files of a folder at any depth; links to folders are followed, into each folder once."""
    refused: list[OSError] = []
    entered = {os.path.realpath(folder)}
    for parent, folders, names in os.walk(folder, onerror=refused.append, followlinks=True):
        # Hidden files and folders are tools' and half-written copies', as to every shell.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        new = {os.path.realpath(os.path.join(parent, name)): name for name in reversed(folders)}
        folders[:] = sorted(name for real, name in new.items() if real not in entered)
        entered.update(new)
        for name in sorted(names):
            if not name.startswith("."):
                yield from _match_local(os.path.join(parent, name), is_certain=False)
    for error in refused:
        yield _unreadable(error.filename or folder, error, is_certain=True)


def _expand(folder: str, parts: Sequence[str], refused: list[OSError]) -> Iterator[str]:
    """The paths below a folder that the parts of a glob match, as glob.glob has it; `**` is any depth of folders.

    Unlike there, folders that can't be listed are said, in `refused`, and `**` isn't led round in circles by links:
    two links to their own folder make 2**40 paths before the operating system stops them.
    """
    if not parts:
        yield folder
        return
    part, rest = parts[0], parts[1:]
    if part == "**":
        for below in _folders(folder, frozenset((os.path.realpath(folder),)), refused) if rest else [folder]:
            yield from _expand(below, rest, refused)
    elif not part:
        # A slash at the end asks for folders.
        if os.path.isdir(folder):
            yield from _expand(folder, rest, refused)
    elif not _WILDCARD.search(part):
        if os.path.lexists(os.path.join(folder, part)):
            yield from _expand(os.path.join(folder, part), rest, refused)
    else:
        for name in _listed(folder, refused):
            is_shown = not name.startswith(".") or part.startswith(".")
            if is_shown and fnmatch.fnmatchcase(name, part):
                path = os.path.join(folder, name)
                if not rest or os.path.isdir(path):
                    yield from _expand(path, rest, refused)


def _folders(folder: str, above: frozenset[str], refused: list[OSError]) -> Iterator[str]:
    """A folder and those below it, but no link to a folder that it lies in."""
    yield folder
    for name in _listed(folder, refused):
        path = os.path.join(folder, name)
        if not name.startswith(".") and os.path.isdir(path):
            real = os.path.realpath(path)
            if real not in above:
                yield from _folders(path, above | {real}, refused)


def _listed(folder: str, refused: list[OSError]) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        refused.append(error)
        return []


def _match_remote(option: str, pattern: str) -> list[_Match]:
    from apache_beam.io.filesystems import FileSystems

    require_filesystem(pattern)
    named = not _WILDCARD.search(pattern)
    patterns = [pattern] if not named else [pattern, pattern.rstrip("/") + "/**"]
    try:
        exact, *below = FileSystems.match(patterns)
    except OSError as error:
        raise UsageError(f"{option} {pattern}: {error}") from error
    matches = [_remote(found, named) for found in exact.metadata_list]
    for match in below:
        matches += [_remote(found, False) for found in match.metadata_list]
    # Object stores have no empty folders: what is not there can't be told from what is empty.
    if named and not matches:
        raise UsageError(f"{option} {pattern}: no such file, and no file in a folder of that name")
    return matches


def _remote(found: Any, is_certain: bool) -> _Match:
    # Beam gives seconds, and 0 where a filesystem doesn't say.
    seconds = found.last_updated_in_seconds
    return _Match(
        found.path, found.size_in_bytes, is_certain, modified_ns=int(seconds * 10**9) if seconds else None
    )


def open_source(source: SourceFile) -> BinaryIO:
    """Opens a file for reading its bytes as stored; the caller closes it. Never waits for a pipe or a device.

    Raises RecordError with the file's `problem` or "not-a-file", and OSError.
    """
    if source.problem is not None:
        raise RecordError(*source.problem)
    if not is_local(source.path):
        return open_read(source.path)
    # What was a file when it was found may be a pipe by now.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(source.path if source.raw_name is None else os.fsdecode(source.raw_name), flags)
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
            raise RecordError("not-a-file", what)
    except BaseException:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")


def open_lines(source: SourceFile, offset: int) -> tuple[BinaryIO, io.BufferedReader]:
    """Opens a JSONL file at a place: the file as stored, and a reader of what is in it, which closes both.

    offset: in bytes once decompressed. A compressed file is decompressed from its beginning to get there.

    Raises what `open_source` raises, and RecordError "decompression-failed".
    """
    file = open_source(source)
    try:
        if source.codec is None:
            file.seek(offset)
            return file, open_decompressed(file, None)
        reader = open_decompressed(file, source.codec)
        while offset and (passed := len(reader.read(min(offset, _SKIP_BYTES)))):
            offset -= passed
        return file, reader
    except BaseException:
        file.close()
        raise


def read_payloads(
    source: SourceFile, max_bytes: int, advance: Callable[[int], None] = lambda _: None
) -> Iterator[Payload]:
    """Reads a file as payloads: one for a seed or a feed, one for some lines each of JSONL.

    max_bytes: the most that a seed or a feed may hold once decompressed. JSONL is read line by line, and a line
    that is too long (`jsonl.MAX_LINE_BYTES`) is cut, for the parser to refuse.
    advance: told how many more of the file's bytes, as stored, have been gone through; in all, its size.

    Raises RecordError "unknown-format", "unreadable", "not-a-file", "decompression-failed" or "too-large"; what was
    yielded before stands.
    """
    told = 0
    stored_bytes = source.bytes if source.lines is None else source.lines.stored_bytes
    try:
        for payload, position in _payloads(source, max_bytes):
            advance(max(0, min(position, stored_bytes) - told))
            told = max(told, min(position, stored_bytes))
            yield payload
    except RecordError as error:
        raise RecordError(error.reason, f"{source.path}: {error.detail}") from error
    finally:
        advance(stored_bytes - told)


def _payloads(source: SourceFile, max_bytes: int) -> Iterator[tuple[Payload, int]]:
    """The payloads of a file, each with how many bytes of it, as stored, have been gone through."""
    if source.problem is not None:
        raise RecordError(*source.problem)
    if source.kind is None:
        raise RecordError("unknown-format", f"its name ends in none of {' '.join(KINDS)}")
    try:
        if source.kind == "jsonl":
            lines = source.lines or LineRange(0, 0, None, source.bytes)
            if lines.copy is None:
                file, reader = open_lines(source, lines.offset)
            else:
                file, reader = open_lines(SourceFile(lines.copy, source.bytes, "jsonl"), 0)
            with file, reader:
                begun = file.tell()
                for payload in _line_payloads(source.path, _lines_in(reader, lines)):
                    # At the end of UTF-16 the decoder closes the file under it.
                    yield payload, source.bytes if file.closed else file.tell() - begun
            return
        with open_source(source) as file:
            data = _read_whole(file, source.codec, max_bytes)
    except OSError as error:
        raise RecordError("unreadable", error.strerror or str(error)) from error
    yield Payload(source.kind, source.path, (data,)), source.bytes


def _lines_in(reader: io.BufferedReader, lines: LineRange) -> Iterator[tuple[int, bytes]]:
    numbered = iter_lines(reader, first_line=lines.first)
    end = lines.end
    return numbered if end is None else itertools.takewhile(lambda line: line[0] < end, numbered)


def _read_whole(file: BinaryIO, codec: Codec | None, max_bytes: int) -> bytes:
    """A file's content, decompressed as it is read: no more is taken than is needed to know that it is too much.

    Raises RecordError "too-large" and "decompression-failed", and OSError.
    """
    with open_decompressed(file, codec) as reader:
        data = reader.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise RecordError(
            "too-large", f"more than {max_bytes} bytes" + (" when decompressed" if codec else "")
        )
    return data


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
    """Feed addresses from addresses, and from files, folders and globs of lists; each address once, in order.

    A list has one address a line, with # for comments, or is OPML; of folders and globs what ends in .opml, .txt
    and .xml is taken, each also compressed. What a list holds that is no http(s) address is among the addresses,
    for the fetch to refuse: one slip in a long list is no reason to fetch nothing.

    Raises UsageError where a list can't be read, or holds no http(s) address; and for what is neither.
    """
    addresses: dict[str, None] = {}
    for entry in given:
        if _is_http(entry):
            addresses[entry] = None
            continue
        is_empty = True
        for match in _match("--feeds", entry):
            ending = os.path.splitext(strip_suffix(match.path)[0])[1].lower()
            if match.is_certain or ending in _LISTS:
                is_empty = False
                addresses.update(dict.fromkeys(_listed_addresses(match)))
        if is_empty:
            _LOG.warning("--feeds %s: no list of addresses in it", entry)
    return list(addresses)


def _is_http(address: str) -> bool:
    return address.lower().startswith(("http://", "https://"))


def _listed_addresses(match: _Match) -> list[str]:
    path, codec = match.path, strip_suffix(match.path)[1]
    source = _source(match, None, codec)
    try:
        with open_source(source) as file:
            text, _ = decode_text(_read_whole(file, codec, MAX_LIST_BYTES))
    except OSError as error:
        raise UsageError(f"--feeds {path}: can't be read ({error.strerror or error})") from error
    except RecordError as error:
        raise UsageError(f"--feeds {path}: can't be read ({error.detail})") from error
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
        stated = ["" if line.lstrip().startswith("#") else line for line in text.splitlines()]
    addresses = [address.strip() for address in stated if address.strip()]
    if not any(map(_is_http, addresses)):
        raise UsageError(f"--feeds {path}: no http(s) address in it")
    return addresses
