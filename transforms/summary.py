"""Adds up what the steps of a run have done. A manifest counts for itself: no engine's metrics are asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from schemas.staged import RunSummary
from schemas.state import Counts, DeadLetterExample


def add_counts(parts: Iterable[Counts]) -> Counts:
    """The sum of counts, field by field."""
    parts = list(parts)
    names = [field.name for field in dataclasses.fields(Counts)]
    return Counts(**{name: sum(getattr(part, name) for part in parts) for name in names})


def merge_examples(examples: Iterable[DeadLetterExample]) -> tuple[DeadLetterExample, ...]:
    """Examples of dead letters, one per stage and reason, with their counts added up; the order doesn't matter."""
    merged: dict[tuple[str, str], DeadLetterExample] = {}
    for example in examples:
        key = example.stage, example.reason
        other = merged.get(key)
        if other is not None:
            example = DeadLetterExample(*key, example.count + other.count, min(example.detail, other.detail))
        merged[key] = example
    return tuple(merged[key] for key in sorted(merged))


def merge_summaries(summaries: Iterable[RunSummary]) -> RunSummary:
    """The sum of summaries: the same in any order and any grouping. Fits `beam.CombineGlobally`."""
    parts = list(summaries)
    return RunSummary(
        counts=add_counts(part.counts for part in parts),
        files=tuple(sorted((file for part in parts for file in part.files), key=lambda file: file.target)),
        dead_letters=merge_examples(example for part in parts for example in part.dead_letters),
        feed_states=tuple(
            sorted((state for part in parts for state in part.feed_states), key=lambda state: state.url)
        ),
        host_states=tuple(
            sorted((state for part in parts for state in part.host_states), key=lambda state: state.host)
        ),
        feed_names=tuple(
            sorted((names for part in parts for names in part.feed_names), key=lambda names: names.url)
        ),
        versions=tuple(sorted({one for part in parts for one in part.versions})),
    )
