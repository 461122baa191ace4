"""Files on disk, on a made-up object store and on a made-up filesystem with folders."""

from __future__ import annotations

import errno
import io
import os
import posixpath
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from apache_beam.io.filesystem import BeamIOError, CompressionTypes, FileMetadata, FileSystem

from pipeline import files
from schemas.errors import UsageError


class Killed(BaseException):
    """The process ended here. Not an Exception: nothing may survive it."""


def failure(message: str, details: object = None) -> BeamIOError:
    """The error of Beam's filesystems."""
    return cast(BeamIOError, cast(Any, BeamIOError)(message, details))


class Machine:
    """Counts changes on the made-up filesystems, and ends everything before the one that was asked for."""

    def __init__(self) -> None:
        self.left: int | None = None

    def change(self) -> None:
        if self.left is not None:
            if self.left == 0:
                raise Killed
            self.left -= 1


MACHINE = Machine()
CONTENTS: dict[str, bytes] = {}
FOLDERS: set[str] = set()


class _Upload(io.BytesIO):
    """What is written appears when it is closed."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def close(self) -> None:
        if not self.closed:
            MACHINE.change()
            CONTENTS[self._path] = self.getvalue()
        super().close()


class _MadeUp:
    # Not a FileSystem itself: Beam asks every subclass of that for its scheme.
    def join(self, basepath: str, *paths: str) -> str:
        return posixpath.join(basepath, *paths)

    def split(self, path: str) -> tuple[str, str]:
        return posixpath.split(path)

    def open(self, path: str, mime_type: str = "", compression_type: str = CompressionTypes.AUTO) -> BinaryIO:
        assert compression_type == CompressionTypes.UNCOMPRESSED
        if path not in CONTENTS:
            raise failure("no such file", {path: None})
        return io.BytesIO(CONTENTS[path])

    def create(
        self, path: str, mime_type: str = "", compression_type: str = CompressionTypes.AUTO
    ) -> BinaryIO:
        assert compression_type == CompressionTypes.UNCOMPRESSED
        return _Upload(path)

    def copy(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        raise NotImplementedError

    def size(self, path: str) -> int:
        return len(CONTENTS[path])

    def last_updated(self, path: str) -> float:
        return 0.0

    def metadata(self, path: str) -> FileMetadata:
        return FileMetadata(path, self.size(path))


class ObjectStore(_MadeUp, FileSystem):
    """Keys without folders. A rename is a copy and a deletion; deleting what isn't there is an error."""

    @classmethod
    def scheme(cls) -> str:
        return "objects"

    def has_dirs(self) -> bool:
        return False

    def mkdirs(self, path: str) -> None:
        raise AssertionError("an object store has no folders")

    def exists(self, path: str) -> bool:
        return path in CONTENTS

    def _list(self, dir_or_prefix: str) -> Iterator[FileMetadata]:
        for path in sorted(CONTENTS):
            if path.startswith(dir_or_prefix):
                yield FileMetadata(path, len(CONTENTS[path]))

    def rename(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        for source, target in zip(source_file_names, destination_file_names, strict=True):
            MACHINE.change()
            CONTENTS[target] = CONTENTS[source]
            MACHINE.change()
            del CONTENTS[source]

    def delete(self, paths: list[str]) -> None:
        for path in paths:
            MACHINE.change()
            if path not in CONTENTS:
                raise failure("Delete operation failed", {path: None})
            del CONTENTS[path]


class FolderStore(_MadeUp, FileSystem):
    """Like HDFS as Beam shows it.

    It lists one level, folders among the files with size 0, and neither create nor rename replaces anything.
    """

    @classmethod
    def scheme(cls) -> str:
        return "folders"

    def has_dirs(self) -> bool:
        return True

    def mkdirs(self, path: str) -> None:
        if self.exists(path):
            raise failure("Path already exists", {path: None})
        MACHINE.change()
        while path.count("/") > 2:
            FOLDERS.add(path)
            path = posixpath.dirname(path)

    def exists(self, path: str) -> bool:
        return path in CONTENTS or path in FOLDERS

    def _list(self, dir_or_prefix: str) -> Iterator[FileMetadata]:
        if dir_or_prefix in CONTENTS:
            raise failure(f"{dir_or_prefix!r} is not a directory.")
        if dir_or_prefix not in FOLDERS:
            raise failure(f"{dir_or_prefix!r} does not exist.")
        for path in sorted({*CONTENTS, *FOLDERS}):
            if posixpath.dirname(path) == dir_or_prefix:
                yield FileMetadata(path, len(CONTENTS.get(path, b"")))

    def create(
        self, path: str, mime_type: str = "", compression_type: str = CompressionTypes.AUTO
    ) -> BinaryIO:
        if self.exists(path):
            raise failure("Path already exists", {path: None})
        return super().create(path, mime_type, compression_type)

    def rename(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        for source, target in zip(source_file_names, destination_file_names, strict=True):
            if self.exists(target) or posixpath.dirname(target) not in FOLDERS:
                raise failure("Rename operation failed", {(source, target): None})
            MACHINE.change()
            CONTENTS[target] = CONTENTS.pop(source)

    def delete(self, paths: list[str]) -> None:
        for path in paths:
            if not self.exists(path):
                raise failure("Delete operation failed", {path: None})
            MACHINE.change()
            FOLDERS.discard(path)
            CONTENTS.pop(path, None)
            for below in [each for each in {*CONTENTS, *FOLDERS} if each.startswith(path + "/")]:
                FOLDERS.discard(below)
                CONTENTS.pop(below, None)


@pytest.fixture(params=["disk", "objects", "folders"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty folder on each kind of filesystem; it need not exist."""
    MACHINE.left = None
    return str(tmp_path / "out") if request.param == "disk" else f"{request.param}://made-up{tmp_path}/out"


def contents(folder: str) -> dict[str, bytes]:
    """Everything under a folder, by name relative to it."""
    return {info.path[len(folder) + 1 :]: files.read_bytes(info.path) for info in files.list_files(folder)}


def test_what_is_written_is_read_listed_and_deleted(root: str) -> None:
    """The round through all that a run does with files."""
    assert files.list_files(root) == []
    files.write_bytes(f"{root}/b.txt", b"first")
    files.write_bytes(f"{root}/b.txt", b"second")
    with files.open_write(f"{root}/a/deep/er.parquet") as stream:
        stream.write(b"123")
        stream.write(b"4")
    files.sync([f"{root}/a/deep/er.parquet"], root)
    assert files.list_files(root) == [
        files.FileInfo(f"{root}/a/deep/er.parquet", 4),
        files.FileInfo(f"{root}/b.txt", 6),
    ]
    assert files.list_files(root + "/") == files.list_files(root)
    assert files.subfolders(root) == ["a"]
    assert files.read_bytes(f"{root}/b.txt") == b"second"
    assert files.size(f"{root}/b.txt") == 6
    assert files.size(f"{root}/no.txt") is None
    files.delete([f"{root}/b.txt", f"{root}/no.txt"])
    assert not files.exists(f"{root}/b.txt")
    files.delete_folder(f"{root}/a")
    files.delete_folder(f"{root}/a")
    assert files.list_files(root) == []


def test_bytes_lie_there_as_they_are_whatever_the_name_ends_with(root: str) -> None:
    """Nothing is packed or unpacked by a file's ending."""
    files.write_bytes(f"{root}/x.gz", b"not gzip")
    with files.open_write(f"{root}/y.bz2") as stream:
        stream.write(b"nor bzip2")
    assert contents(root) == {"x.gz": b"not gzip", "y.bz2": b"nor bzip2"}


def test_an_empty_file_is_listed_as_a_file(root: str) -> None:
    """Where folders have size 0 as well, an empty file is not taken for one."""
    files.write_bytes(f"{root}/a/empty", b"")
    assert files.list_files(root) == [files.FileInfo(f"{root}/a/empty", 0)]


def test_a_listing_ends_at_the_folder(root: str) -> None:
    """`out2` begins like `out` and is another folder."""
    files.write_bytes(f"{root}2/other", b"x")
    files.write_bytes(f"{root}/mine", b"x")
    assert list(contents(root)) == ["mine"]


def test_a_move_may_be_done_again(root: str) -> None:
    """The second time there is nothing left to do."""
    files.write_bytes(f"{root}/_staging/x", b"data")
    for _ in range(2):
        files.move(f"{root}/_staging/x", f"{root}/articles/date=2022-03-30/x")
        assert contents(root) == {"articles/date=2022-03-30/x": b"data"}


def test_a_move_replaces_nothing(root: str) -> None:
    """Another file at the target stays, and so does the source."""
    files.write_bytes(f"{root}/source", b"mine")
    files.write_bytes(f"{root}/target", b"another's")
    with pytest.raises(FileExistsError):
        files.move(f"{root}/source", f"{root}/target")
    assert contents(root) == {"source": b"mine", "target": b"another's"}


def test_a_move_of_nothing_is_an_error(root: str) -> None:
    """Neither here nor there: the file is lost."""
    with pytest.raises(FileNotFoundError):
        files.move(f"{root}/source", f"{root}/target")


@pytest.mark.parametrize("kind", ["disk", "objects"])
def test_a_move_that_stopped_between_copy_and_deletion_is_finished(kind: str, tmp_path: Path) -> None:
    """Object stores copy and delete, and so do disks where a table is a link to another volume."""
    root = str(tmp_path) if kind == "disk" else f"objects://made-up{tmp_path}"
    files.write_bytes(f"{root}/source", b"data")
    files.write_bytes(f"{root}/target", b"data")
    files.move(f"{root}/source", f"{root}/target")
    assert contents(root) == {"target": b"data"}


def test_a_move_to_another_volume_is_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel refuses to rename across volumes; the target still appears whole."""
    rename = os.rename

    def rename_on_one_volume(source: str, target: str) -> None:
        if source.endswith("/source"):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, target)

    monkeypatch.setattr(os, "rename", rename_on_one_volume)
    files.write_bytes(f"{tmp_path}/source", b"data")
    files.move(f"{tmp_path}/source", f"{tmp_path}/away/target")
    assert contents(str(tmp_path)) == {"away/target": b"data"}


def test_a_writer_that_fails_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk shows when the data is flushed to it; readers go on seeing what was there."""
    files.write_bytes(f"{tmp_path}/x", b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_bytes(f"{tmp_path}/x", b"new")
    assert files.read_bytes(f"{tmp_path}/x") == b"old"
    monkeypatch.undo()
    files.write_bytes(f"{tmp_path}/x", b"new")
    assert contents(str(tmp_path)) == {"x": b"new"}


@pytest.mark.parametrize("kind", ["objects", "folders"])
@pytest.mark.parametrize("changes", range(6))
def test_a_write_that_is_stopped_anywhere_can_be_done_again(kind: str, changes: int, tmp_path: Path) -> None:
    """Old, missing (HDFS only) or new, never torn; and nothing but the file afterwards."""
    path = f"{kind}://made-up{tmp_path}/folder/x"
    files.write_bytes(path, b"old")
    MACHINE.left = changes
    try:
        files.write_bytes(path, b"new")
    except Killed:
        pass
    finally:
        MACHINE.left = None
    assert not files.exists(path) or files.read_bytes(path) in {b"old", b"new"}
    files.write_bytes(path, b"new")
    assert contents(f"{kind}://made-up{tmp_path}") == {"folder/x": b"new"}


@pytest.mark.parametrize("name", ["a[1]b", "what?", "st*r", "with space", "ünï"])
def test_folders_with_odd_names_are_listed(name: str, tmp_path: Path) -> None:
    """What Beam reads as a pattern is a name here, on disk and on object stores."""
    for root in (str(tmp_path), f"objects://made-up{tmp_path}"):
        files.write_bytes(f"{root}/{name}/x", b"1")
        files.write_bytes(f"{root}/ab/x", b"2")
        assert contents(f"{root}/{name}") == {"x": b"1"}


def test_a_table_that_is_a_link_is_listed(tmp_path: Path) -> None:
    """People put a large table on another volume that way."""
    (tmp_path / "volume").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "articles").symlink_to(tmp_path / "volume")
    files.write_bytes(f"{tmp_path}/out/articles/x", b"1")
    assert contents(f"{tmp_path}/out") == {"articles/x": b"1"}


@pytest.mark.parametrize(
    ("path", "local"),
    [
        ("/data/news", True),
        ("news", True),
        ("C:/news", True),
        ("s3://bucket/news", False),
        ("gs://b", False),
        ("hdfs://news", False),
    ],
)
def test_addresses_are_told_from_paths(path: str, local: bool) -> None:
    """A scheme makes the difference; a Windows drive is none."""
    assert files.is_local(path) is local


def test_a_filesystem_that_isnt_installed_is_a_usage_error() -> None:
    """The message names the path and says what to install."""
    with pytest.raises(UsageError, match=r"nosuch://x.*pip install"):
        files.require_filesystem("nosuch://x")
    files.require_filesystem("objects://x")
    files.require_filesystem("/data")


def test_local_files_need_no_beam(tmp_path: Path) -> None:
    """Worker processes that touch only the disk start without it."""
    code = (
        "import sys; from pipeline import files; from pipeline.store import commit, check, lock; "
        f"files.write_bytes({str(tmp_path / 'x')!r}, b'1'); files.list_files({str(tmp_path)!r}); "
        "sys.exit('apache_beam' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_sync_reaches_the_files_and_the_folders_up_to_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file whose folder's name is lost is lost as well."""
    files.write_bytes(f"{tmp_path}/out/a/b/x", b"1")
    synced: set[str] = set()

    def note(handle: int) -> None:
        synced.add(os.readlink(f"/proc/self/fd/{handle}"))

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("shows open files on Linux only")
    monkeypatch.setattr(os, "fsync", note)
    files.sync([f"{tmp_path}/out/a/b/x"], f"{tmp_path}/out")
    assert synced == {f"{tmp_path}/out{name}" for name in ("", "/a", "/a/b", "/a/b/x")}
