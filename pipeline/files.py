"""Files in OUT, on this machine's disk or on any filesystem that Beam knows.

Paths are strings with forward slashes: `/data/news`, `s3://bucket/news`, `gs://...`, `hdfs://...`. What is
promised is what every one of them can give:

- A reader never sees a torn file that `write_bytes` or `move` made: on disk and HDFS the last act is a
  rename, on object stores an object appears when it is complete.
- `move`, `delete` and `delete_folder` may be tried again after an interruption at any point.
- On disk `write_bytes` outlasts a power cut; what `open_write` and `move` did does so after `sync`.

Local paths are opened directly, and Beam is loaded on the first path that isn't local: worker processes and
`newsbeam check` on a local folder need not wait for it.
"""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import dataclasses
import errno
import filecmp
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO, cast

from schemas.errors import UsageError

#: Beam's own pattern for what is an address and what is a path.
_SCHEME = re.compile(r"[a-zA-Z][-a-zA-Z0-9+.]*://")

_SYNC_THREADS = 16


@dataclasses.dataclass(frozen=True, slots=True)
class FileInfo:
    """A file that exists. path: full. size: in bytes."""

    path: str
    size: int


def is_local(path: str) -> bool:
    """Whether a path is on this machine's own filesystem."""
    return _SCHEME.match(path) is None


def require_filesystem(path: str) -> None:
    """Raises UsageError where a remote folder can't be asked for its files: said before anything starts.

    Filesystems other than the local one need Beam's options (`FileSystems.set_options`) in every process that
    uses them, the packages of one of Beam's extras, and credentials; each of these shows at the first
    question only.
    """
    if is_local(path):
        return
    try:
        _filesystem(path).exists(join(path, "_runs"))
    except (ValueError, ImportError, OSError) as error:
        # Beam's message names the extra to install, apache-beam[gcp] for example, or the option that is
        # missing.
        raise UsageError(f"{path}: can't be used: {error}") from error


def join(base: str, *parts: str) -> str:
    """A path below another. Parts are relative, with forward slashes."""
    return "/".join([base.rstrip("/"), *parts])


def exists(path: str) -> bool:
    """Whether there is such a file. Of folders it is true on disk and HDFS only."""
    return os.path.exists(path) if is_local(path) else bool(_filesystem(path).exists(path))


def open_read(path: str) -> BinaryIO:
    """Opens a file for reading bytes as they lie there, seekable; the caller closes it.

    Raises FileNotFoundError where a local file isn't there, and some other OSError elsewhere.
    """
    if is_local(path):
        return open(path, "rb")
    return cast(BinaryIO, _filesystem(path).open(path, compression_type=_uncompressed()))


def read_bytes(path: str) -> bytes:
    """A file's content, whole. Errors are those of `open_read`."""
    with open_read(path) as stream:
        return stream.read()


@contextlib.contextmanager
def open_write(path: str) -> Iterator[BinaryIO]:
    """Creates a file, and the folders above it, and gives a stream for its bytes.

    For files that nobody looks for yet: on disk a reader would see the unfinished file. It may be lost in a
    power cut until `sync`. What was there before is replaced.
    """
    if is_local(path):
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "wb") as stream:
            yield stream
        return
    _prepare_target(path)
    with contextlib.closing(_filesystem(path).create(path, compression_type=_uncompressed())) as remote:
        yield remote


def write_bytes(path: str, data: bytes) -> None:
    """Writes a whole file, with the folders above it, at once: readers see the old content or all of the new.

    Where it has to go through a temporary name, that is `.NAME.part` beside the file: always the same, so
    that an interrupted writing leaves nothing once it is done again. Two writers of one path at the same time
    are not provided for. On HDFS, whose rename replaces nothing, a file that changes is missing for a moment.
    """
    if is_local(path):
        part = _part(path)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(part, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
        _sync_path(os.path.dirname(path) or ".")
        return
    filesystem = _filesystem(path)
    if not filesystem.has_dirs():
        with open_write(path) as stream:
            stream.write(data)
        return
    if filesystem.exists(path) and read_bytes(path) == data:
        return
    part = _part(path)
    with open_write(part) as stream:
        stream.write(data)
    delete([path])
    filesystem.rename([part], [path])


def list_files(folder: str) -> list[FileInfo]:
    """All files at any depth under a folder, by path. A folder that isn't there has none.

    Paths start with `folder` as given. Links to folders are followed on disk: a table may lie on another
    volume.
    """
    folder = folder.rstrip("/")
    found = _list_local(folder) if is_local(folder) else _list_remote(folder)
    return sorted(found, key=lambda info: info.path)


def subfolders(folder: str) -> list[str]:
    """The names of the folders right under a folder, sorted. Only on disk may they be empty."""
    if is_local(folder):
        try:
            with os.scandir(folder) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir())
        except FileNotFoundError:
            return []
    start = len(folder.rstrip("/")) + 1
    return sorted(
        {info.path[start:].split("/", 1)[0] for info in list_files(folder) if "/" in info.path[start:]}
    )


def size(path: str) -> int | None:
    """A file's size in bytes, None where it isn't there."""
    if is_local(path):
        try:
            return os.path.getsize(path)
        except FileNotFoundError:
            return None
    filesystem = _filesystem(path)
    return int(filesystem.size(path)) if filesystem.exists(path) else None


def move(source: str, target: str) -> None:
    """Moves a file, making the folders above the target. Done already (only the target is there), it does
    nothing.

    Raises FileNotFoundError where neither is there, and FileExistsError where the target is another file.
    """
    if not exists(source):
        if exists(target):
            return
        raise FileNotFoundError(errno.ENOENT, "neither there nor at its target", source)
    if exists(target):
        # Where a move is a copy and a deletion, an interruption leaves both.
        if not _is_copy(source, target):
            raise FileExistsError(errno.EEXIST, "another file is there", target)
        delete([source])
        return
    if is_local(target):
        _move_local(source, target)
    else:
        _prepare_target(target)
        _filesystem(target).rename([source], [target])


def delete(paths: Sequence[str]) -> None:
    """Deletes files; those that aren't there are deleted already."""
    remote = []
    for path in paths:
        if is_local(path):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        elif exists(path):
            remote.append(path)
    if remote:
        _filesystem(remote[0]).delete(remote)


def delete_folder(folder: str) -> None:
    """Deletes a folder and all that is in it. One that isn't there is deleted already."""
    folder = folder.rstrip("/")
    if is_local(folder):
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)
        return
    filesystem = _filesystem(folder)
    if filesystem.has_dirs():
        if filesystem.exists(folder):
            filesystem.delete([folder])
        return
    delete([info.path for info in list_files(folder)])


def sync(paths: Iterable[str], root: str) -> None:
    """Makes files outlast a power cut, with their names and those of the folders down from `root`.

    Only local disks need it. The cost is that of the disk: some milliseconds for a file.
    """
    local = [path for path in paths if is_local(path)]
    top = root.rstrip("/")
    folders: set[str] = set()
    for path in local:
        folder = os.path.dirname(path)
        while folder.startswith(top) and folder not in folders:
            folders.add(folder)
            folder = os.path.dirname(folder)
    # Disks write what they are asked for together in one go: side by side, 1,000 files take a fraction of the
    # time.
    with concurrent.futures.ThreadPoolExecutor(_SYNC_THREADS) as pool:
        for done in (pool.map(_sync_path, local), pool.map(_sync_path, sorted(folders))):
            collections.deque(done, maxlen=0)


def _sync_path(path: str) -> None:
    if os.name == "nt" and os.path.isdir(path):
        return
    handle = os.open(path or ".", os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _part(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.{name}.part"


def _move_local(source: str, target: str) -> None:
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # A table that is a link to another volume: copied under a name that no reader takes for a table's
        # file.
        part = _part(target)
        shutil.copyfile(source, part)
        _sync_path(part)
        os.rename(part, target)
        os.unlink(source)


def _is_copy(source: str, target: str) -> bool:
    if is_local(target):
        return filecmp.cmp(source, target, shallow=False)
    # A rename of a filesystem with folders is one act. On object stores it is a copy and a deletion, and the
    # copy appears when it is complete; their checksums depend on how an object was uploaded, so the size has
    # to do.
    return not _filesystem(target).has_dirs() and size(source) == size(target)


def _list_local(folder: str) -> Iterator[FileInfo]:
    for parent, _, names in os.walk(folder, followlinks=True, onerror=_raise_unless_missing):
        for name in names:
            path = f"{parent}/{name}".replace(os.sep, "/")
            with contextlib.suppress(FileNotFoundError):
                yield FileInfo(path, os.path.getsize(path))


def _raise_unless_missing(error: OSError) -> None:
    # os.walk passes over folders it may not read; a table that is only half seen must not look whole.
    if not isinstance(error, FileNotFoundError):
        raise error


def _list_remote(folder: str) -> Iterator[FileInfo]:
    filesystem = _filesystem(folder)
    if not filesystem.has_dirs():
        for info in filesystem.match([_literal(folder) + "/**"])[0].metadata_list:
            # Browsers of buckets leave empty objects that stand for folders.
            if not info.path.endswith("/"):
                yield FileInfo(info.path, info.size_in_bytes)
        return
    # HDFS lists one level, folders among the files with size 0 and no mark to tell them by: what can be
    # listed is a folder.
    if not filesystem.exists(folder):
        return
    pending = [folder]
    while pending:
        for info in filesystem.match([pending.pop() + "/*"])[0].metadata_list:
            if info.size_in_bytes == 0 and _is_folder(filesystem, info.path):
                pending.append(info.path)
            else:
                yield FileInfo(info.path, info.size_in_bytes)


def _is_folder(filesystem: Any, path: str) -> bool:
    from apache_beam.io.filesystem import BeamIOError

    try:
        filesystem.match([path + "/*"], [1])
    except BeamIOError as error:
        if "not a directory" in str(error):
            return False
        raise
    return True


def _literal(path: str) -> str:
    # Beam has no other way to quote what is special in its patterns.
    return re.sub(r"([*?\[])", r"[\1]", path)


def _prepare_target(path: str) -> None:
    """Makes the folder of a remote file where folders exist, and clears what HDFS would refuse to replace."""
    filesystem = _filesystem(path)
    if not filesystem.has_dirs():
        return
    folder = path.rpartition("/")[0]
    if not filesystem.exists(folder):
        filesystem.mkdirs(folder)
    if filesystem.exists(path):
        filesystem.delete([path])


def _filesystem(path: str) -> Any:
    from apache_beam.io.filesystems import FileSystems

    return FileSystems.get_filesystem(path)


def _uncompressed() -> str:
    # Beam would unpack and pack by the file's ending.
    from apache_beam.io.filesystem import CompressionTypes

    return str(CompressionTypes.UNCOMPRESSED)
