"""Commits, stopped before every single change to the files, and what the next start makes of them.

The made-up filesystems end the program before a change that the test chooses. On disk a forked child counts
what it asks of the kernel (Python's audit events) and ends itself by `os._exit`: nothing is cleaned up.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import files
from pipeline.store.commit import abandon, commit, interrupted_commits, recover
from pipeline.store.hashes import hash_bytes, hash_file
from pipeline.store.layout import Layout, staging_name
from pipeline.store.manifest import (
    committed_runs,
    decode_manifest,
    encode_manifest,
    live_files,
    read_manifest,
)
from schemas.errors import CommitInterrupted, RunError
from schemas.state import Counts, DeadLetterExample, Manifest, StagedFile
from tests.pipeline.test_files import CONTENTS, FOLDERS, MACHINE, Killed, contents

NOW = dt.datetime(2022, 3, 30, 19, 16, 57, 5, tzinfo=dt.timezone.utc)
ATTEMPT = "attempt-1"

#: Target names of the second run, by table.
TARGETS = {
    "articles": "articles/date=2022-03-30/{run}-00000.parquet",
    "duplicates": "duplicates/date=2022-03-31/{run}-00000.parquet",
    "index/articles": "_index/articles/{run}-00000.parquet",
    "feeds": "_feeds/{run}-00000.parquet",
}


@pytest.fixture(params=["disk", "objects", "folders"])
def layout(request: pytest.FixtureRequest, tmp_path: Path) -> Layout:
    """An OUT that isn't there yet, on each kind of filesystem."""
    MACHINE.left = None
    return Layout(
        str(tmp_path / "out") if request.param == "disk" else f"{request.param}://made-up{tmp_path}/out"
    )


def stage(layout: Layout, run_id: str, *, removed: tuple[str, ...] = (), later: int = 0) -> Manifest:
    """Stages one file for each table and returns the run's manifest. later: seconds after the first run."""
    staged = []
    for number, (table, target) in enumerate(TARGETS.items()):
        data = f"{table} of {run_id}".encode()
        name = f"{staging_name(run_id, ATTEMPT)}/tables/{number}.parquet"
        with files.open_write(layout.path(name)) as stream:
            stream.write(data)
        staged.append(StagedFile(name, target.format(run=run_id), table, 1, len(data)))
    with files.open_write(layout.path(f"{staging_name(run_id, 'attempt-0')}/left-over.arrow")) as stream:
        stream.write(b"of an attempt that failed")
    return Manifest(
        run_id=run_id,
        schema_version=1,
        started_at=NOW,
        committed_at=NOW + dt.timedelta(seconds=later),
        options={"partition_by": ["date"], "input": ["made-up.txt"]},
        versions={"python": "3.10", "newsbeam": "0"},
        counts=Counts(read=2, kept=1, duplicate=1),
        files=tuple(staged),
        removed=removed,
        dead_letters=(DeadLetterExample("parse", "no-body", 1, "made-up.txt"),),
        timings={"total": 1.5},
    )


def manifests(layout: Layout) -> list[Manifest]:
    """All manifests of committed runs."""
    return [read_manifest(layout, run_id) for run_id in sorted(committed_runs(layout))]


def with_first_run(layout: Layout) -> None:
    """An OUT with one committed run, `r1`."""
    commit(layout, stage(layout, "r1"), ATTEMPT, frozenset())


def stage_second(layout: Layout) -> Manifest:
    """The run `r2`, staged; it replaces the first run's index and feed files."""
    removed = ("_index/articles/r1-00000.parquet", "_feeds/r1-00000.parquet")
    return stage(layout, "r2", removed=removed, later=1)


def committed(layout: Layout) -> dict[str, bytes]:
    """What lies in OUT, without what is staged."""
    return {name: data for name, data in contents(layout.output).items() if not name.startswith("_staging/")}


def test_a_commit_moves_every_file_and_leaves_nothing_staged(layout: Layout) -> None:
    """The files as staged, under their targets, and the manifest."""
    manifest = commit(layout, stage(layout, "r1"), ATTEMPT, frozenset())
    assert contents(layout.output) == {
        **{target.format(run="r1"): f"{table} of r1".encode() for table, target in TARGETS.items()},
        "_runs/r1.json": encode_manifest(manifest),
    }
    assert committed_runs(layout) == {"r1"}
    assert manifests(layout) == [manifest]
    assert files.subfolders(layout.staging_root) == []


def test_every_committed_file_has_its_hash(layout: Layout) -> None:
    """It is taken from the staged file, unless whoever wrote that has told it."""
    staged = stage(layout, "r1")
    told = dataclasses.replace(staged.files[0], hash=hash_bytes(b"told"))
    manifest = commit(
        layout, dataclasses.replace(staged, files=(told, *staged.files[1:])), ATTEMPT, frozenset()
    )
    assert read_manifest(layout, "r1") == manifest
    assert manifest.files[0].hash == told.hash
    for file in manifest.files[1:]:
        assert file.hash == hash_file(layout.path(file.target)) == hash_bytes(f"{file.table} of r1".encode())


def test_a_commit_removes_what_it_replaces(layout: Layout) -> None:
    """The first run's index is gone; its articles stay; the live files are what is there."""
    with_first_run(layout)
    commit(layout, stage_second(layout), ATTEMPT, frozenset({"r1"}))
    names = set(committed(layout))
    assert "_index/articles/r1-00000.parquet" not in names
    assert {TARGETS["articles"].format(run=run) for run in ("r1", "r2")} <= names
    live = {file.target for file in live_files(manifests(layout))}
    assert live == {name for name in names if not name.startswith("_runs/")}


def test_a_start_without_a_journal_deletes_what_is_staged(layout: Layout) -> None:
    """A run that stopped before its commit leaves nothing."""
    with_first_run(layout)
    before = contents(layout.output)
    stage_second(layout)
    files.write_bytes(layout.claim_path("r2"), b"")
    assert recover(layout) == []
    assert contents(layout.output) == before
    assert files.subfolders(layout.staging_root) == []


def test_a_start_on_nothing_does_nothing(layout: Layout) -> None:
    """OUT need not be there."""
    assert recover(layout) == []
    assert contents(layout.output) == {}


def assert_readable(layout: Layout, before: dict[str, bytes], after: dict[str, bytes]) -> None:
    """A reader finds whole files, and all that manifests name, where a run stopped in the middle."""
    now = committed(layout)
    torn = {name for name, data in now.items() if data != {**before, **after}.get(name) and "/." not in name}
    assert torn == set()
    for file in live_files(manifests(layout)):
        assert file.target in now


def run_stopped(layout: Layout, action: Callable[[], object], changes: int) -> bool:
    """Does something until it has made so many changes to files; returns whether it was done before."""
    if not files.is_local(layout.output):
        MACHINE.left = changes
        try:
            action()
        except (Killed, CommitInterrupted):
            return False
        finally:
            MACHINE.left = None
        return True
    child = os.fork()
    if child == 0:
        _stop_at_change(layout.output, changes)
        with contextlib.suppress(BaseException):
            action()
            os._exit(0)
        os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9)
    return status == 0


def _stop_at_change(folder: str, changes: int) -> None:
    """Ends this process as SIGKILL would, before it asks the kernel for one more change under a folder."""
    left = changes

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event == "open":
            changing = isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        else:
            changing = event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir")
        path = str(arguments[0])
        # Deletion of trees names files relative to an open folder: what isn't absolute counts too.
        if changing and (path.startswith(folder) or not path.startswith("/")):
            if left == 0:
                os._exit(9)
            left -= 1

    sys.addaudithook(watch)


def reset(layout: Layout, state: dict[str, bytes]) -> None:
    """Makes OUT what it was."""
    if files.is_local(layout.output):
        files.delete_folder(layout.output)
    else:
        for path in [path for path in CONTENTS if path.startswith(layout.output)]:
            del CONTENTS[path]
        for path in [path for path in FOLDERS if path.startswith(layout.output)]:
            FOLDERS.discard(path)
    for name, data in state.items():
        files.write_bytes(layout.path(name), data)


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without waiting for the disk: what a process that ends has written is not lost."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


@pytest.mark.usefixtures("quick_disk")
def test_a_commit_stopped_before_any_change_is_all_or_nothing(layout: Layout) -> None:
    """Stopped anywhere, the next start gives the OUT of before or that of a commit that wasn't stopped."""
    with_first_run(layout)
    before = committed(layout)
    manifest = stage_second(layout)
    staged = contents(layout.output)
    commit(layout, manifest, ATTEMPT, frozenset({"r1"}))
    after = contents(layout.output)
    outcomes: list[bool] = []
    done = False
    while not done:
        reset(layout, staged)
        changes = len(outcomes)
        done = run_stopped(layout, lambda: commit(layout, manifest, ATTEMPT, frozenset({"r1"})), changes)
        assert_readable(layout, before, after)
        decided = interrupted_commits(layout)
        exists = "r2" in committed_runs(layout)
        assert recover(layout) == decided
        assert contents(layout.output) == (after if decided or exists else before)
        assert files.subfolders(layout.staging_root) == []
        assert recover(layout) == []
        outcomes.append(bool(decided or exists))
    # Both outcomes were met, and once decided it stays decided.
    assert outcomes == sorted(outcomes)
    assert outcomes.count(False) >= 2
    assert outcomes.count(True) >= len(manifest.files) + len(manifest.removed) + 2


@pytest.mark.usefixtures("quick_disk")
def test_a_recovery_stopped_before_any_change_can_be_done_again(layout: Layout) -> None:
    """The start that finishes a commit may be stopped as well, wherever the commit was."""
    with_first_run(layout)
    before = committed(layout)
    manifest = stage_second(layout)
    staged = contents(layout.output)
    commit(layout, manifest, ATTEMPT, frozenset({"r1"}))
    after = contents(layout.output)
    # On disk each is two processes: every ninth place will do.
    step = 9 if files.is_local(layout.output) else 1
    interrupted = 0
    first, done = 0, False
    while not done:
        reset(layout, staged)
        done = run_stopped(layout, lambda: commit(layout, manifest, ATTEMPT, frozenset({"r1"})), first)
        interrupted += bool(not done and interrupted_commits(layout) and first % step == 0)
        recovered, changes = done or first % step > 0, 0
        while not recovered:
            reset(layout, staged)
            run_stopped(layout, lambda: commit(layout, manifest, ATTEMPT, frozenset({"r1"})), first)
            decided = interrupted_commits(layout) or "r2" in committed_runs(layout)
            recovered = run_stopped(layout, lambda: recover(layout), changes)
            assert_readable(layout, before, after)
            recover(layout)
            assert contents(layout.output) == (after if decided else before)
            changes += 1
        first += 1
    assert interrupted >= 2


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError(28, "No space left on device")])
@pytest.mark.parametrize("function", ["move", "delete_folder", "write_bytes"])
def test_a_commit_stopped_once_it_is_decided_says_so(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, function: str, stop: BaseException
) -> None:
    """Nobody may read that nothing was committed, and then see the next start commit it."""
    manifest = stage(layout, "r1")
    done = getattr(files, function)
    calls = 0

    def stopped(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        done(*arguments)
        # Of what is written the second is the journal.
        if calls == 2 or function == "delete_folder":
            raise stop

    with monkeypatch.context() as patched:
        patched.setattr(files, function, stopped)
        with pytest.raises(CommitInterrupted, match=r"run r1 is decided.* the next start .* completes it"):
            commit(layout, manifest, ATTEMPT, frozenset())
    recover(layout)
    assert committed_runs(layout) == {"r1"}
    assert files.subfolders(layout.staging_root) == []


def test_only_what_is_not_decided_is_abandoned(layout: Layout) -> None:
    """What a decided run has staged exists nowhere else."""
    manifest = stage(layout, "r1")
    files.write_bytes(layout.journal_path("r1"), encode_manifest(manifest))
    stage(layout, "r2")
    for run_id in ("r1", "r2", "never-begun"):
        abandon(layout, run_id)
    assert files.subfolders(layout.staging_root) == ["r1"]
    assert recover(layout) == ["r1"]


def test_a_commit_that_cant_be_carried_out_is_decided_all_the_same(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody may take its error for that of a run of which nothing was committed."""

    def lost(source: str, target: str) -> None:
        raise FileNotFoundError(2, "No such file or directory", source)

    manifest = stage(layout, "r1")
    monkeypatch.setattr(files, "move", lost)
    with pytest.raises(CommitInterrupted, match="run r1 can't be committed"):
        commit(layout, manifest, ATTEMPT, frozenset())
    assert interrupted_commits(layout) == ["r1"]


def test_a_commit_stopped_before_it_is_decided_says_nothing_of_it(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stopped it goes up as it is."""

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    manifest = stage(layout, "r1")
    for place in ("pipeline.files.sync", "pipeline.files.write_bytes"):
        with monkeypatch.context() as patched:
            patched.setattr(place, stopped)
            with pytest.raises(KeyboardInterrupt):
                commit(layout, manifest, ATTEMPT, frozenset())
    recover(layout)
    assert committed(layout) == {}


def test_a_run_that_another_one_overtook_is_refused(layout: Layout) -> None:
    """What it found to be new may be known by now. Nothing of it is committed."""
    manifest = stage(layout, "r2")
    with_first_run(layout)
    with pytest.raises(RunError, match="run r1 was committed while"):
        commit(layout, manifest, ATTEMPT, frozenset())
    assert committed_runs(layout) == {"r1"}
    assert not files.exists(layout.claim_path("r2"))
    assert recover(layout) == []


@pytest.mark.parametrize("path", ["claim_path", "journal_path"])
def test_two_runs_that_commit_at_the_same_time_are_told_apart(layout: Layout, path: str) -> None:
    """Without a lock both have passed the start; who sees the other's claim or journal steps back."""
    manifest = stage(layout, "r2")
    files.write_bytes(getattr(layout, path)("r1"), b"")
    with pytest.raises(RunError, match="run r1 is committing too"):
        commit(layout, manifest, ATTEMPT, frozenset())
    assert not files.exists(layout.claim_path("r2"))


def test_a_run_id_is_used_once(layout: Layout) -> None:
    """The names of its files would be the same."""
    with_first_run(layout)
    with pytest.raises(RunError, match="r1 is committed already"):
        commit(layout, stage(layout, "r1"), ATTEMPT, frozenset({"r1"}))


def test_a_staged_file_that_is_gone_or_cut_stops_the_commit(layout: Layout) -> None:
    """Another start cleared the folder, or a write was never finished: nothing is decided yet."""
    manifest = stage(layout, "r1")
    path = layout.path(manifest.files[0].staged)
    files.write_bytes(path, b"cut")
    with pytest.raises(RunError, match="has 3 bytes"):
        commit(layout, manifest, ATTEMPT, frozenset())
    files.delete([path])
    with pytest.raises(RunError, match="is gone"):
        commit(layout, manifest, ATTEMPT, frozenset())
    assert committed(layout) == {}


def test_a_target_of_somebody_elses_stops_the_commit(layout: Layout) -> None:
    """A file that no manifest names is not ours to replace."""
    manifest = stage(layout, "r1")
    path = layout.path(manifest.files[1].target)
    files.write_bytes(path, b"somebody's")
    with pytest.raises(RunError, match="is there already"):
        commit(layout, manifest, ATTEMPT, frozenset())
    assert committed(layout) == {manifest.files[1].target: b"somebody's"}


def test_a_journal_that_cant_be_carried_out_stops_every_start(layout: Layout) -> None:
    """A decided run whose files somebody deleted is not silently given up."""
    manifest = stage(layout, "r1")
    files.write_bytes(layout.journal_path("r1"), encode_manifest(manifest))
    files.delete([layout.path(manifest.files[2].staged)])
    for _ in range(2):
        with pytest.raises(RunError, match=r"commit\.json: run r1 can't be committed: .*2\.parquet"):
            recover(layout)
    assert committed_runs(layout) == frozenset()


@pytest.mark.parametrize(
    ("data", "message"), [(b"{", "not a manifest"), (b"\xff\xfe", "not a manifest"), (None, "of run r1")]
)
def test_a_broken_journal_is_named(layout: Layout, data: bytes | None, message: str) -> None:
    """A person has to look at it."""
    content = encode_manifest(stage(layout, "r1")) if data is None else data
    files.write_bytes(layout.journal_path("r9"), content)
    with pytest.raises(RunError, match=rf"r9/commit\.json.*{message}"):
        recover(layout)


def test_several_interrupted_runs_are_all_finished(layout: Layout) -> None:
    """Filesystems without locks can come to that."""
    for run_id in ("r1", "r2"):
        files.write_bytes(layout.journal_path(run_id), encode_manifest(stage(layout, run_id)))
    assert interrupted_commits(layout) == ["r1", "r2"]
    assert recover(layout) == ["r1", "r2"]
    assert committed_runs(layout) == {"r1", "r2"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"staged": "_staging/r2/a/x.parquet"}, "not staged"),
        ({"staged": "_staging/r1/attempt-1/../x.parquet"}, "not staged"),
        ({"target": "articles/../../r1-x.parquet"}, "not a file of"),
        ({"target": "/articles/r1-x.parquet"}, "not a file of"),
        ({"target": "duplicates/date=2022-03-30/r1-0.parquet"}, "not a file of"),
        ({"target": "_runs/r1.json"}, "not a file of"),
        ({"target": "articles/date=2022-03-30/part-0.parquet"}, "not named for run"),
    ],
)
def test_files_that_cant_be_committed(tmp_path: Path, change: dict[str, str], message: str) -> None:
    """Names that two runs could share, or that lie elsewhere, are our mistake."""
    layout = Layout(str(tmp_path))
    manifest = stage(layout, "r1")
    changed = dataclasses.replace(manifest.files[0], **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        commit(layout, dataclasses.replace(manifest, files=(changed,)), ATTEMPT, frozenset())


@pytest.mark.parametrize(
    "removed",
    ["articles/date=2022-03-30/r0-0.parquet", "_index/../_runs/r0.json", "_runs/r0.json", "_index//x"],
)
def test_only_index_and_state_files_can_be_removed(tmp_path: Path, removed: str) -> None:
    """No run takes away a row."""
    layout = Layout(str(tmp_path))
    with pytest.raises(ValueError, match="can't be removed"):
        commit(layout, stage(layout, "r1", removed=(removed,)), ATTEMPT, frozenset())


def test_two_files_cant_have_one_target(tmp_path: Path) -> None:
    """One of them would be lost."""
    layout = Layout(str(tmp_path))
    manifest = stage(layout, "r1")
    twice = dataclasses.replace(manifest, files=(manifest.files[0], manifest.files[0]))
    with pytest.raises(ValueError, match="two files"):
        commit(layout, twice, ATTEMPT, frozenset())


def test_manifests_come_back_as_they_were(tmp_path: Path) -> None:
    """Every field, microseconds and zone included, and the same bytes again."""
    manifest = stage(Layout(str(tmp_path)), "r1")
    data = encode_manifest(manifest)
    assert decode_manifest(data, "x") == manifest
    assert encode_manifest(decode_manifest(data, "x")) == data
    shuffled = dataclasses.replace(manifest, options=dict(reversed(manifest.options.items())))
    assert encode_manifest(shuffled) == data
    assert b'"started_at": "2022-03-30T19:16:57.000005Z"' in data


def test_manifests_of_newer_programs_are_read(tmp_path: Path) -> None:
    """A field more is no reason to fail; a field that is missing is."""
    data = encode_manifest(stage(Layout(str(tmp_path)), "r1"))
    newer = resealed(data, b'"run_id":', b'"colour": "blue", "run_id":')
    assert decode_manifest(newer, "x") == decode_manifest(data, "x")
    with pytest.raises(RunError, match="x: not a manifest"):
        decode_manifest(resealed(data, b'"counts"', b'"amounts"'), "x")
    with pytest.raises(RunError, match="zone"):
        decode_manifest(resealed(data, b'5Z"', b'5"'), "x")


def resealed(data: bytes, old: bytes, new: bytes) -> bytes:
    """A manifest's JSON with something else in it, as a program would have written it."""
    body = unsealed(data).replace(old, new, 1)
    return body.removesuffix(b"\n}\n") + f',\n  "checksum": "{hash_bytes(body)}"\n}}\n'.encode()


def unsealed(data: bytes) -> bytes:
    """A manifest's JSON without its last field, the checksum."""
    return data[: data.index(b',\n  "checksum"')] + b"\n}\n"


def test_manifests_of_older_programs_are_read(tmp_path: Path) -> None:
    """They have no checksum; one that has lost it is told from them by what came together with it."""
    data = encode_manifest(stage(Layout(str(tmp_path)), "r1"))
    older = unsealed(data).replace(b',\n  "feeds_polled": 0', b"").replace(b',\n      "hash": null', b"")
    assert b"hash" not in older
    assert decode_manifest(older, "x") == decode_manifest(data, "x")
    for damaged in (unsealed(data), data.replace(b'"checksum"', b'"chucksum"'), data[:-1], data + b" "):
        with pytest.raises(RunError, match="x: damaged"):
            decode_manifest(damaged, "x")


def test_a_time_without_a_zone_is_not_written(tmp_path: Path) -> None:
    """It would mean another moment on another machine."""
    manifest = stage(Layout(str(tmp_path)), "r1")
    with pytest.raises(ValueError, match="zone"):
        encode_manifest(dataclasses.replace(manifest, started_at=NOW.replace(tzinfo=None)))


def test_only_manifests_count_as_runs(layout: Layout) -> None:
    """Other files in the folder are passed over; another run's manifest is an error."""
    for run_id, later in (("a", 3), ("b", 1), ("c", 2)):
        manifest = stage(layout, run_id, later=later)
        files.write_bytes(layout.manifest_path(run_id), encode_manifest(manifest))
    for name in (".a.json.part", "notes.txt", ".hidden.json", "_x.json"):
        files.write_bytes(f"{layout.runs_dir}/{name}", b"?")
    assert [manifest.run_id for manifest in manifests(layout)] == ["a", "b", "c"]
    files.write_bytes(layout.manifest_path("d"), encode_manifest(stage(layout, "a")))
    with pytest.raises(RunError, match=r"d\.json.*of run a"):
        read_manifest(layout, "d")
