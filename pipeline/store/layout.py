"""Where everything lies in OUT, and how partitions and runs are named. No file is touched here.

OUT/articles/date=2022-03-30/RUN-00000.parquet
OUT/duplicates/... OUT/dead_letters/stage=...
OUT/_index/NAME/..., OUT/_feeds/..., OUT/_feeds/hosts/...
OUT/_runs/RUN.json                  the manifest: a run exists once this does
OUT/_staging/RUN/commit.claim       asks whether the run may commit
OUT/_staging/RUN/commit.json        the journal: from here on the run will be committed
OUT/_staging/RUN/ATTEMPT/...        files not yet committed
OUT/_stream/lease.json              the stream that works here, and where its job is
OUT/_stream/stop, beat, ended       what is said to it, and what it says: pipeline/stream/lease.py
OUT/_lock                           held while a run works here
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import re
from collections.abc import Sequence
from urllib.parse import quote, unquote

from schemas.errors import UsageError
from schemas.tables import TABLES

#: Run ids are the beginning of file names, and readers skip names that begin with "." or "_".
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

_REMOTE = re.compile(r"[a-zA-Z][-a-zA-Z0-9+.]*://")

#: A partition's folder is a name that disks allow at most 255 bytes.
_NAME_BYTES = 255

CLAIM_NAME = "commit.claim"
JOURNAL_NAME = "commit.json"

#: The folder in `_feeds` of what is known about hosts.
HOSTS_FOLDER = "hosts"


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """The paths in one OUT.

    output: OUT's path, without a slash at its end. `output_layout` makes one of what a person typed.
    """

    output: str

    def path(self, name: str) -> str:
        """The full path of a name relative to OUT."""
        return f"{self.output.rstrip('/')}/{name}"

    def relative(self, path: str) -> str:
        """The name relative to OUT of a full path in it."""
        start = self.output.rstrip("/") + "/"
        if not path.startswith(start):
            raise ValueError(f"{path!r} is not in {self.output!r}")
        return path[len(start) :]

    def table_dir(self, table: str) -> str:
        """The folder of a table: articles, duplicates or dead_letters."""
        return self.path(table)

    def index_dir(self, name: str) -> str:
        """The folder of one index's segments."""
        return self.path(f"_index/{name}")

    @property
    def feeds_dir(self) -> str:
        """The folder of what is known about feeds."""
        return self.path("_feeds")

    @property
    def runs_dir(self) -> str:
        """The folder of the manifests."""
        return self.path("_runs")

    def manifest_path(self, run_id: str) -> str:
        """A run's manifest."""
        return self.path(f"_runs/{run_id}.json")

    @property
    def staging_root(self) -> str:
        """The folder of all that isn't committed."""
        return self.path("_staging")

    def run_staging_dir(self, run_id: str) -> str:
        """The folder of what one run hasn't committed, its journal among it."""
        return self.path(f"_staging/{run_id}")

    def claim_path(self, run_id: str) -> str:
        """The file by which a run says that it is about to commit."""
        return self.path(f"_staging/{run_id}/{CLAIM_NAME}")

    def journal_path(self, run_id: str) -> str:
        """The file that decides that a run is to be committed; its content is the manifest's."""
        return self.path(f"_staging/{run_id}/{JOURNAL_NAME}")

    @property
    def stream_dir(self) -> str:
        """The folder of what stands here about a stream that runs. No reader of tables looks into it."""
        return self.path("_stream")

    @property
    def lease_path(self) -> str:
        """Which stream works here: a `StreamLease`."""
        return self.path("_stream/lease.json")

    @property
    def stop_path(self) -> str:
        """There once somebody has asked a stream to end; it holds the stream's id."""
        return self.path("_stream/stop")

    @property
    def beat_path(self) -> str:
        """When a worker of a stream last said that it is at work; the stream's id and a time."""
        return self.path("_stream/beat")

    @property
    def ended_path(self) -> str:
        """There once a stream's last window is committed; it holds the stream's id."""
        return self.path("_stream/ended")

    @property
    def lock_path(self) -> str:
        """The file that a run keeps locked while it works in OUT."""
        return self.path("_lock")


def output_layout(output: str) -> Layout:
    """The layout of OUT as typed: a local path, made absolute, or an address such as s3://bucket/news.

    Raises UsageError where no tables can be kept under that name.
    """
    if output.startswith("file://"):
        # Beam has no file:// of its own.
        output = unquote(output[len("file://") :])
    if not output.strip():
        raise UsageError("--output is empty: name a folder")
    if not _REMOTE.match(output):
        return Layout(os.path.abspath(os.path.expanduser(output)).replace(os.sep, "/"))
    if re.search(r"[*?\[]", output):
        # Beam lists by patterns and has no way to quote these everywhere.
        raise UsageError(f"--output {output}: a folder there can't be named with *, ? or [")
    return Layout(output.rstrip("/"))


def staging_name(run_id: str, attempt: str) -> str:
    """The staging folder of one attempt at a run, relative to OUT."""
    return f"_staging/{run_id}/{attempt}"


def partition_path(partition: Sequence[tuple[str, str]]) -> str:
    """The folder of a partition below its table's: keys with values, outermost first.

    Values are percent-encoded as Hive does it and as pyarrow, pandas, Polars and DuckDB decode it. One that
    is too long for a folder's name is cut: a host name may have 253 letters, and such an address must not end
    a run. The empty value has no folder that all of them read: ValueError.

        >>> partition_path([("date", "2022-03-30"), ("source_domain", "a b/c")])
        'date=2022-03-30/source_domain=a%20b%2Fc'
    """
    return "/".join(_partition_folder(key, value) for key, value in partition)


def _partition_folder(key: str, value: str) -> str:
    if not value:
        raise ValueError(f"the partition {key!r} has no value")
    value = value[:_NAME_BYTES]
    while len(name := f"{key}={quote(value, safe='')}") > _NAME_BYTES:
        value = value[:-1]
    return name


def parse_partition(name: str) -> list[tuple[str, str]]:
    """The partition of a file, from its path or name: the folders `key=value`, outermost first.

    >>> parse_partition("articles/date=2022-03-30/source_domain=a%20b%2Fc/RUN-00000.parquet")
    [('date', '2022-03-30'), ('source_domain', 'a b/c')]
    """
    pairs = (folder.partition("=") for folder in name.split("/")[:-1])
    return [(key, unquote(value)) for key, equals, value in pairs if equals]


def table_of(name: str) -> str | None:
    """What a name relative to OUT is a file of, as in `StagedFile.table`; None where it is no table's."""
    parts = name.split("/")
    if len(parts) > 1 and parts[0] in TABLES:
        return parts[0]
    if len(parts) > 2 and parts[0] == "_index":
        return f"index/{parts[1]}"
    if len(parts) > 1 and parts[0] == "_feeds":
        return "feeds/hosts" if len(parts) > 2 and parts[1] == HOSTS_FOLDER else "feeds"
    return None


def check_run_id(run_id: str) -> str:
    """The run id as given. Raises UsageError where it can't begin a file's name on every filesystem."""
    if _RUN_ID.fullmatch(run_id) is None:
        raise UsageError(
            f"--run_id {run_id!r}: use 1 to 128 letters (A-Z, a-z), digits, '.', '_' and '-', "
            "the first of them a letter or a digit"
        )
    return run_id


def new_run_id(now: dt.datetime, random: bytes) -> str:
    """A run id that sorts by its time and is nobody else's.

    now: aware. random: at least 3 bytes, so that runs of the same microsecond differ.

        >>> new_run_id(dt.datetime(2022, 3, 30, 19, 16, 57, 123456, dt.timezone.utc), b"abc")
        '20220330T191657.123456Z-616263'
    """
    if len(random) < 3:
        raise ValueError("at least 3 random bytes are needed")
    return f"{now.astimezone(dt.timezone.utc):%Y%m%dT%H%M%S.%fZ}-{random[:3].hex()}"
