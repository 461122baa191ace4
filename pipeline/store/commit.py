"""How a run becomes part of OUT, all of it or nothing, and how a start finishes what a stop left.

    1  claim      _staging/RUN/commit.claim; nobody else may have committed, or be about to
    2  journal    _staging/RUN/commit.json, the whole manifest: from here on the run will be committed
    3  move       each file to its target
    4  manifest   _runs/RUN.json: the run exists
    5  remove     the index and state files that this run replaced
    6  clean      _staging/RUN

A stop before 2 leaves nothing but staged files, which the next start deletes. A stop after it leaves a
journal, and the next start goes through 3 to 6 again; each of them does nothing where it is done.

The manifest comes before the removal. The other way round, a stop between the two would leave an OUT in which
the
manifests of earlier runs name files that are gone, while nothing names their replacement: whoever reads the
index then (`check`, or a run on a filesystem without locks) would take what is known for new. This way both
lie there for a moment, and readers of the index go by the manifests, which name exactly one of them
(`manifest.live_files`).

The manifest comes after the moves, so that every file that a manifest names is there. Whoever globs the
tables sees a run's files appear one by one, each of them whole, and no row twice.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from types import TracebackType

from pipeline import files
from pipeline.store.hashes import hash_files
from pipeline.store.layout import CLAIM_NAME, JOURNAL_NAME, Layout, staging_name, table_of
from pipeline.store.manifest import committed_runs, decode_manifest, encode_manifest
from schemas.errors import CommitInterrupted, RunError
from schemas.state import Manifest


def commit(layout: Layout, manifest: Manifest, attempt: str, seen_runs: frozenset[str]) -> Manifest:
    """Makes a run's staged files part of OUT, and returns its manifest as it was written.

    Each staged file without a hash is read once, before anything is decided, and gets one.

    manifest: of this run, whole. Its files lie under `_staging/RUN/ATTEMPT/`, and their targets' names begin
    with the run id, so that no other run's can be the same; `removed` are index and state files of earlier
    runs.
    seen_runs: the runs that were committed when this one started. What it found to be new is new beside these
    only.

    Raises RunError, with nothing committed, where another run has been committed since or is about to be,
    where a staged file isn't there as it was written, or where a target exists. Whatever stops it after the
    journal is written, Ctrl-C and full disks included, leaves the run to `recover`, and is raised as
    CommitInterrupted.
    """
    _check_names(manifest, attempt)
    claim = layout.claim_path(manifest.run_id)
    # Of two runs that claim at the same time, at least one sees the other's: both write before either looks.
    files.write_bytes(claim, b"")
    try:
        _refuse_others(layout, manifest, seen_runs)
        _check_files(layout, manifest)
    except RunError:
        files.delete([claim])
        raise
    manifest = _with_hashes(layout, manifest)
    files.sync((layout.path(file.staged) for file in manifest.files), layout.output)
    with _Decision(layout, manifest.run_id):
        files.write_bytes(layout.journal_path(manifest.run_id), encode_manifest(manifest))
        _complete(layout, manifest)
    return manifest


class _Decision:
    """Says of whatever stops its block whether the run was decided by then."""

    def __init__(self, layout: Layout, run_id: str) -> None:
        self._layout = layout
        self._run_id = run_id

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        if isinstance(error, RunError):
            # A run that can't be carried out says so itself: the next start can't do it either. It is decided still.
            raise CommitInterrupted(str(error)) from error
        # The writing of the journal may itself have been stopped, before it was there or after.
        try:
            decided = files.exists(self._layout.journal_path(self._run_id)) or files.exists(
                self._layout.manifest_path(self._run_id)
            )
            state = "is decided"
        except OSError:
            decided, state = True, "may be decided"
        if decided:
            why = "stopped" if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"
            raise CommitInterrupted(
                f"run {self._run_id} {state}, but its commit was interrupted ({why}): "
                f"the next start with --output {self._layout.output} completes it"
            ) from error


def recover(layout: Layout) -> list[str]:
    """Finishes every commit that was interrupted and deletes what was staged for others: to be called on each
    start.

    Returns the ids of the runs that it completed. Raises RunError where a journal can't be read or carried
    out; nothing is given up then. On a filesystem without locks this also clears a run that is still at work,
    whose commit then refuses.
    """
    completed = []
    for run_id in files.subfolders(layout.staging_root):
        journal = layout.journal_path(run_id)
        if files.exists(journal):
            manifest = decode_manifest(files.read_bytes(journal), journal)
            if manifest.run_id != run_id:
                raise RunError(f"{journal}: this is the journal of run {manifest.run_id}")
            _complete(layout, manifest)
            completed.append(run_id)
        else:
            files.delete_folder(layout.run_staging_dir(run_id))
    return completed


def abandon(layout: Layout, run_id: str) -> None:
    """Deletes what is staged for a run that failed, unless it is decided: then that is what `recover` needs."""
    if not files.exists(layout.journal_path(run_id)):
        files.delete_folder(layout.run_staging_dir(run_id))


def interrupted_commits(layout: Layout) -> list[str]:
    """The ids of the runs whose commit is under way, or was stopped and waits for the next start."""
    return [run for run in files.subfolders(layout.staging_root) if files.exists(layout.journal_path(run))]


def _with_hashes(layout: Layout, manifest: Manifest) -> Manifest:
    without = [file for file in manifest.files if file.hash is None]
    hashes = iter(hash_files(layout.path(file.staged) for file in without))
    return dataclasses.replace(
        manifest,
        files=tuple(
            dataclasses.replace(file, hash=next(hashes)) if file.hash is None else file
            for file in manifest.files
        ),
    )


def _complete(layout: Layout, manifest: Manifest) -> None:
    """Everything after the journal. May be interrupted anywhere and done again."""
    manifest_path = layout.manifest_path(manifest.run_id)
    # Once the manifest is there the moves are done, and a later run may have replaced what was moved.
    if not files.exists(manifest_path):
        for file in manifest.files:
            try:
                files.move(layout.path(file.staged), layout.path(file.target))
            except (FileNotFoundError, FileExistsError) as error:
                raise RunError(
                    f"{layout.journal_path(manifest.run_id)}: run {manifest.run_id} can't be committed: "
                    f"{file.staged} -> {file.target}: {error.strerror}"
                ) from error
        files.sync((layout.path(file.target) for file in manifest.files), layout.output)
        files.write_bytes(manifest_path, encode_manifest(manifest))
    files.delete([layout.path(name) for name in manifest.removed])
    files.delete_folder(layout.run_staging_dir(manifest.run_id))


def _check_names(manifest: Manifest, attempt: str) -> None:
    """Raises ValueError where the manifest can't be committed twice without harm: our own mistake."""
    folder = staging_name(manifest.run_id, attempt) + "/"
    for file in manifest.files:
        if not file.staged.startswith(folder) or ".." in file.staged.split("/"):
            raise ValueError(f"{file.staged!r} is not staged in {folder!r}")
        if not _is_name_in_output(file.target) or table_of(file.target) != file.table:
            raise ValueError(f"{file.target!r} is not a file of {file.table!r}")
        if not file.target.rpartition("/")[2].startswith(manifest.run_id):
            raise ValueError(f"{file.target!r} is not named for run {manifest.run_id!r}")
    targets = Counter(file.target for file in manifest.files)
    twice = [target for target, count in targets.items() if count > 1]
    if twice:
        raise ValueError(f"two files have the target {twice[0]!r}")
    for name in manifest.removed:
        if not _is_name_in_output(name) or not name.startswith(("_index/", "_feeds/")) or name in targets:
            raise ValueError(f"{name!r} can't be removed: it is no index or state file of an earlier run")


def _is_name_in_output(name: str) -> bool:
    return all(part not in ("", ".", "..") for part in name.split("/"))


def _refuse_others(layout: Layout, manifest: Manifest, seen_runs: frozenset[str]) -> None:
    runs = committed_runs(layout)
    if manifest.run_id in runs:
        raise RunError(f"run {manifest.run_id} is committed already: another run needs another --run_id")
    since = sorted(runs - seen_runs)
    if since:
        raise RunError(
            f"{layout.output}: run {since[0]} was committed while this one worked, so what is new has to be "
            "decided again: run again, and one at a time"
        )
    start = len(layout.staging_root) + 1
    for info in files.list_files(layout.staging_root):
        run_id, _, name = info.path[start:].partition("/")
        if run_id != manifest.run_id and name in (CLAIM_NAME, JOURNAL_NAME):
            raise RunError(f"{layout.output}: run {run_id} is committing too: run again, and one at a time")


def _check_files(layout: Layout, manifest: Manifest) -> None:
    staged = {info.path: info.size for info in files.list_files(layout.run_staging_dir(manifest.run_id))}
    for file in manifest.files:
        size = staged.get(layout.path(file.staged))
        if size != file.bytes:
            found = "is gone: did another run start here?" if size is None else f"has {size} bytes"
            raise RunError(f"{layout.path(file.staged)}: written with {file.bytes} bytes, it {found}")
        if files.exists(layout.path(file.target)):
            raise RunError(f"{layout.path(file.target)}: is there already, and no manifest names it")
