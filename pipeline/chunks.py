"""Cuts the input of a large run into chunks, one after the other, each for a run of its own.

A chunk's size stands for the memory that a run takes, which follows its number of articles, not their length: so
every line and every seed counts as `ARTICLE_BYTES` at the least.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
from collections.abc import Generator, Iterator, Sequence
from typing import BinaryIO, NamedTuple

from pipeline.files import delete, join, open_write
from pipeline.sources import open_lines
from schemas.errors import RecordError
from schemas.sources import LineRange, SourceFile
from schemas.state import Cursor
from transforms.functions.charset import wide_codec

#: What an article counts as, at the least: about the size of a short one.
ARTICLE_BYTES = 2_048

#: The shortest line that is expected; where even lines so short, and all that compression might hide, would fit into
#: one chunk, no file is opened to find out.
_SHORTEST_LINE = 128

#: How many times larger compressed text may be once decompressed: usually, and at the most.
_USUAL_RATIO = 4
_LARGEST_RATIO = 20

_BLOCK_BYTES = 1 << 18


@dataclasses.dataclass(frozen=True, slots=True)
class Chunk:
    """What one run of a series reads.

    files: whole ones, and the lines of JSONL that are meant. begin: where it begins; next: where the next one does,
    None for the last.
    """

    files: tuple[SourceFile, ...]
    begin: Cursor
    next: Cursor | None

    @property
    def is_whole(self) -> bool:
        """Whether there is no other chunk."""
        return self.begin == START and self.next is None


START = Cursor()


def cut(
    files: Sequence[SourceFile], chunk_bytes: int, begin: Cursor = START, copies: str | None = None
) -> Generator[Chunk, None, None]:
    """Cuts files into chunks, in their order, from a place on; at least one, and the same ones every time.

    chunk_bytes: of a chunk, once decompressed; 0 makes one chunk of everything. A JSONL file that is more than what is
    left of a chunk is cut behind the line with which the chunk is full. Any other file is in one chunk whole, and so is
    JSONL in UTF-16 or UTF-32.
    copies: a folder for lines of compressed files, which are there until the next chunk is asked for. Without it every
    chunk's reader has to decompress such a file from its beginning.

    JSONL is read once to find the places, and a chunk is given before the next one is looked for. What can't be read
    to its end is not cut from there on: whoever reads the chunk meets the same error.
    """
    if not chunk_bytes or sum(map(_most_bytes, files[begin.file :])) <= chunk_bytes:
        yield Chunk(tuple(_from(files, begin)), begin, None)
        return
    chunk: list[SourceFile] = []
    held = 0
    first = begin
    for place in range(begin.file, len(files)):
        file = files[place]
        at = begin if place == begin.file else Cursor(place)
        if held and held + _least_bytes(file) > chunk_bytes:
            yield from _given(chunk, first, at)
            chunk, held, first = [], 0, at
        if file.kind != "jsonl" or file.problem is not None:
            chunk.append(file)
            held += _least_bytes(file)
            continue
        with contextlib.ExitStack() as stack:
            opened = _open(file, at, stack)
            while opened is not None:
                copy = None if copies is None or file.codec is None else _copy_name(copies, at)
                taken = _take_lines(*opened, at, chunk_bytes - held, copy, compressed=file.codec is not None)
                if taken.next is None:
                    chunk.append(_lines(file, at, None, taken.copy))
                    held += taken.size
                    break
                chunk.append(_lines(file, at, taken.next, taken.copy))
                yield from _given(chunk, first, taken.next)
                chunk, held, first, at = [], 0, taken.next, taken.next
            else:
                chunk.append(_lines(file, at, None, None))
                held += file.bytes
    yield from _given(chunk, first, None)


def _given(chunk: Sequence[SourceFile], begin: Cursor, next_one: Cursor | None) -> Iterator[Chunk]:
    """Gives a chunk, and deletes its copies once it was read."""
    yield Chunk(tuple(chunk), begin, next_one)
    delete([file.lines.copy for file in chunk if file.lines is not None and file.lines.copy is not None])


def _copy_name(folder: str, at: Cursor) -> str:
    return join(folder, f"{at.file}-{at.line}.jsonl")


def _most_bytes(file: SourceFile) -> int:
    """What a file may count as, without a look into it."""
    size = file.bytes * (_LARGEST_RATIO if file.codec else 1)
    return size * ARTICLE_BYTES // _SHORTEST_LINE if file.kind == "jsonl" else max(size, ARTICLE_BYTES)


def _least_bytes(file: SourceFile) -> int:
    """What has to fit into what is left of a chunk: a line of JSONL, any other file whole."""
    if file.kind == "jsonl":
        return ARTICLE_BYTES
    return max(ARTICLE_BYTES, file.bytes * (_USUAL_RATIO if file.codec else 1))


def _from(files: Sequence[SourceFile], begin: Cursor) -> list[SourceFile]:
    rest = list(files[begin.file :])
    if rest and begin.offset:
        rest[0] = _lines(rest[0], begin, None, None)
    return rest


def _lines(file: SourceFile, at: Cursor, end: Cursor | None, copy: str | None) -> SourceFile:
    """A file's lines between two places; the file as it is where that is all of them."""
    if at.offset == 0 and end is None and copy is None:
        return file
    stored = (file.bytes if end is None else end.stored) - at.stored
    return dataclasses.replace(
        file, lines=LineRange(at.offset, at.line, None if end is None else end.line, stored, copy)
    )


def _open(
    file: SourceFile, at: Cursor, stack: contextlib.ExitStack
) -> tuple[BinaryIO, io.BufferedReader] | None:
    """A JSONL file at a place, open until the stack is left; None where it can't be cut."""
    try:
        stored, reader = open_lines(file, at.offset)
        stack.enter_context(stored)
        stack.enter_context(reader)
        is_wide = at.offset == 0 and wide_codec(reader.peek(4096)[:4096]) is not None
    except (OSError, RecordError):
        return None
    return None if is_wide else (stored, reader)


class _Taken(NamedTuple):
    """Lines that were gone through. next: the place behind them, None where nothing follows that can be told.

    size: what they count as. copy: the file that holds them, if there is one.
    """

    next: Cursor | None
    size: int
    copy: str | None


def _take_lines(
    stored: BinaryIO, reader: io.BufferedReader, at: Cursor, room: int, copy: str | None, *, compressed: bool
) -> _Taken:
    """Reads on to the end of the line with which so much room is full, or of the file.

    copy: where to write what was read.
    """
    offset, line = at.offset, at.line
    size = 0
    block = b"\n"
    with contextlib.ExitStack() as stack:
        target = None if copy is None else stack.enter_context(open_write(copy))
        while size < room or not block.endswith(b"\n"):
            try:
                block = _next_block(reader, room - size)
            except (OSError, RecordError):
                # The reader of the chunk has to meet the damage itself.
                return _Taken(None, size, None)
            if not block:
                return _Taken(None, size, copy)
            if target is not None:
                target.write(block)
            offset += len(block)
            line += block.count(b"\n")
            size = max(offset - at.offset, (line - at.line) * ARTICLE_BYTES)
    try:
        more = reader.peek(1)
    except (OSError, RecordError):
        return _Taken(None, size, None)
    if not more:
        return _Taken(None, size, copy)
    return _Taken(Cursor(at.file, offset, line, stored.tell() if compressed else offset), size, copy)


def _next_block(reader: io.BufferedReader, room: int) -> bytes:
    """What to count next: never more bytes than there is room for, and fewer as it ends, which short lines fill sooner.

    Without room, the rest of a line, or a part of it.
    """
    if room <= 0:
        return reader.readline(_BLOCK_BYTES)
    return reader.read(min(_BLOCK_BYTES, room, max(4_096, room * _SHORTEST_LINE // ARTICLE_BYTES)))
