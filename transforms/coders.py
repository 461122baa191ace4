"""How the pipeline's own records travel between workers: as MessagePack, checked against their types."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
from apache_beam import coders

from schemas import dedup, records, settling, sources, staged, state

#: Every record that crosses a shuffle.
SHUFFLED = (
    dedup.DeadLetterKeyBatch,
    dedup.DecisionBatch,
    dedup.IndexRows,
    dedup.KeysBatch,
    records.DeadLetter,
    records.PayloadBatch,
    settling.BandBatch,
    settling.CandidateBatch,
    settling.EdgeBatch,
    settling.JudgeBatch,
    settling.LabelBatch,
    settling.MarkBatch,
    settling.SegmentPiece,
    settling.SettleBatch,
    settling.TokenBatch,
    sources.HostQueue,
    sources.SourceFile,
    staged.FinishedBatch,
    staged.FinishTask,
    staged.PolledFeeds,
    staged.PreparedBatch,
    staged.PreparedRows,
    staged.RowSlice,
    staged.RunSummary,
    staged.Tick,
    staged.WriteTask,
    state.FeedState,
    state.HostState,
)


# What a record takes, and each entry of a list in it: keys of an article, or a decision.
_RECORD_BYTES, _ENTRY_BYTES = 100, 400


class RecordCoder(coders.Coder):
    """Encodes one type of record. Decoding what is not such a record raises msgspec.ValidationError."""

    def __init__(self, record_type: type) -> None:
        self._type = record_type
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(record_type)

    @classmethod
    def from_type_hint(cls, typehint: Any, registry: Any) -> Any:
        """The coder for a record type, as Beam's registry asks for it."""
        return cls(typehint)

    def __reduce__(self) -> tuple[type, tuple[type]]:
        return (RecordCoder, (self._type,))

    def encode(self, value: Any) -> bytes:
        """The record as bytes."""
        return self._encoder.encode(value)

    def decode(self, encoded: bytes) -> Any:
        """The record that the bytes hold."""
        return self._decoder.decode(encoded)

    def estimate_size(self, value: Any) -> int:
        """Roughly how many bytes the record will be. Beam's own way is to encode it once more."""
        held = [getattr(value, field.name) for field in dataclasses.fields(value)]
        entries = sum(len(entry) for entry in held if isinstance(entry, tuple))
        return (
            _RECORD_BYTES + _ENTRY_BYTES * entries + sum(len(one) for one in held if isinstance(one, bytes))
        )

    def is_deterministic(self) -> bool:
        """Fields go out in their order and no record holds a mapping: equal records are equal bytes."""
        return True

    def to_type_hint(self) -> type:
        """The record's type."""
        return self._type

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecordCoder) and other._type is self._type

    def __hash__(self) -> int:
        return hash((RecordCoder, self._type))


def register_coders() -> None:
    """Makes Beam use `RecordCoder` for every record that crosses a shuffle. Calling it again changes nothing."""
    for record_type in SHUFFLED:
        coders.registry.register_coder(record_type, RecordCoder)
