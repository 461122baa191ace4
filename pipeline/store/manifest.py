"""Manifests, `OUT/_runs/RUN.json`: writing and reading them, and what they say together."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from pipeline import files
from pipeline.store.hashes import hash_bytes
from pipeline.store.layout import Layout
from schemas.errors import RunError
from schemas.state import Manifest, StagedFile

#: The last field of a manifest's JSON: the hash of the bytes without this line.
_CHECKSUM = re.compile(rb',\n  "checksum": "(h1[0-9a-f]{32})"\n\}\n\Z')

#: A field that came together with the checksum: where it stands, there was one.
_SINCE_CHECKSUM = "feeds_polled"


def encode_manifest(manifest: Manifest) -> bytes:
    """A manifest as JSON for people and programs: indented, and the same bytes for the same manifest.

    Its last field, `checksum`, is the hash of all the rest: a manifest proves by itself that it is whole.
    """
    for moment in (manifest.started_at, manifest.committed_at):
        if moment.tzinfo is None:
            raise ValueError(f"run {manifest.run_id}: a time without a zone: {moment}")
    # Fields stay in the order of the record; the keys of dicts are sorted.
    data = msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"), indent=2) + b"\n"
    return data.removesuffix(b"\n}\n") + f',\n  "checksum": "{hash_bytes(data)}"\n}}\n'.encode()


def decode_manifest(data: bytes, path: str) -> Manifest:
    """The manifest in some JSON; what a newer program added to it is ignored.

    path: where it was read, for the message of RunError, which says that it isn't one, or that it is damaged.
    A manifest from before there were checksums has none.
    """
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
        names = msgspec.json.decode(data, type=dict[str, msgspec.Raw]).keys()
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path}: not a manifest of a run: {error}") from error
    if not _is_whole(data) and not names.isdisjoint({"checksum", _SINCE_CHECKSUM}):
        raise RunError(f"{path}: damaged: this is not what was written there")
    if manifest.started_at.tzinfo is None or manifest.committed_at.tzinfo is None:
        raise RunError(f"{path}: not a manifest of a run: a time without a zone")
    return manifest


def _is_whole(data: bytes) -> bool:
    found = _CHECKSUM.search(data)
    return found is not None and hash_bytes(data[: found.start()] + b"\n}\n") == found[1].decode()


def read_manifest(layout: Layout, run_id: str) -> Manifest:
    """One run's manifest. Raises RunError, naming the file, where it is broken or another run's."""
    path = layout.manifest_path(run_id)
    manifest = decode_manifest(files.read_bytes(path), path)
    if manifest.run_id != run_id:
        raise RunError(f"{path}: this is the manifest of run {manifest.run_id}")
    return manifest


def committed_runs(layout: Layout) -> frozenset[str]:
    """The ids of all runs that are committed, by the names of their manifests alone."""
    start = len(layout.runs_dir) + 1
    names = (info.path[start:] for info in files.list_files(layout.runs_dir))
    return frozenset(
        name[: -len(".json")]
        for name in names
        if name.endswith(".json") and not name.startswith((".", "_")) and "/" not in name
    )


def live_files(manifests: Iterable[Manifest]) -> list[StagedFile]:
    """The files that count: all that were committed, less what later runs replaced.

    Whoever reads `_index` or `_feeds` goes by these, never by what lies in the folder: between a commit and
    its cleaning up a replaced file is still there beside its replacement.
    """
    manifests = list(manifests)
    removed = {name for manifest in manifests for name in manifest.removed}
    return [file for manifest in manifests for file in manifest.files if file.target not in removed]
