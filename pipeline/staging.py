"""Files that steps leave for one another while a run is under way, in `OUT/_staging/RUN/ATTEMPT/`.

Only what follows is shuffled: keys, and the names and rows of these files. A step that is tried again writes
another file under another name; what nobody refers to goes with the folder.
"""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

import pyarrow as pa

from pipeline import files

_COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")
_PLAIN = pa.ipc.IpcWriteOptions()


def open_read(path: str) -> Any:
    """Opens a file for reading as bytes, seekable; the caller closes it. Local files are mapped, not copied."""
    return pa.memory_map(path) if files.is_local(path) else files.open_read(path)


@dataclasses.dataclass(frozen=True, slots=True)
class Staging:
    """The staging folder of one attempt at a run.

    output: OUT. folder: relative to it, with forward slashes.
    """

    output: str
    folder: str

    def new_name(self, kind: str, suffix: str) -> str:
        """A path relative to OUT, under this folder, that nobody has used."""
        return f"{self.folder}/{kind}/{uuid.uuid4().hex}{suffix}"

    def path(self, name: str) -> str:
        """The full path of a name relative to OUT."""
        return f"{self.output.rstrip('/')}/{name}"

    def write_rows(self, kind: str, *batches: pa.Table) -> str:
        """Stages tables of one schema as the record batches of one file; returns its name relative to OUT."""
        name = self.new_name(kind, ".arrow")
        path = self.path(name)
        # On the disk a file is mapped, and read without a copy; it is gone before long. Elsewhere bytes are what costs.
        options = _PLAIN if files.is_local(path) else _COMPRESSED
        with (
            files.open_write(path) as file,
            pa.ipc.new_file(file, batches[0].schema, options=options) as writer,
        ):
            for table in batches:
                (batch,) = table.combine_chunks().to_batches() or [_empty_batch(table.schema)]
                writer.write_batch(batch)
        return name

    def read_rows(self, name: str, batch: int = 0) -> pa.Table:
        """One record batch of a staged file, and no other."""
        with open_read(self.path(name)) as file:
            return pa.Table.from_batches([pa.ipc.open_file(file).get_batch(batch)])


@dataclasses.dataclass(frozen=True, slots=True)
class MemoryStaging(Staging):
    """A staging folder whose rows stay in this process: for batches so small that files would cost more than work.

    Tables and index segments are files as ever: they are what is committed.
    """

    held: dict[str, tuple[pa.Table, ...]] = dataclasses.field(default_factory=dict)

    def write_rows(self, kind: str, *batches: pa.Table) -> str:
        """Keeps tables of one schema under a name that nobody has used."""
        name = self.new_name(kind, ".rows")
        self.held[name] = batches
        return name

    def read_rows(self, name: str, batch: int = 0) -> pa.Table:
        """One of the tables."""
        return self.held[name][batch]


def pack_rows(table: pa.Table) -> bytes:
    """A table as bytes that travel between workers."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_COMPRESSED) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def unpack_rows(data: bytes) -> pa.Table:
    """The table in bytes that `pack_rows` made."""
    return pa.ipc.open_stream(data).read_all()


def _empty_batch(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], type=field.type) for field in schema], schema=schema)
