"""The graph as a whole: what it shuffles, and that any engine can take it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam import coders
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pipeline import PipelineVisitor
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline.build import RunPlan, build
from pipeline.fetch.limits import HttpLimits
from pipeline.fetch.poll import PollSettings
from pipeline.progress import ProgressWriter
from pipeline.staging import Staging
from pipeline.store.index import KeyIndex
from schemas.index import INDEXES
from schemas.sources import FeedRequest, HostQueue, SourceFile
from schemas.state import FeedState, HostState
from tests.records import NOW
from transforms.coders import RecordCoder
from transforms.functions.polling.outcomes import PollLimits


def plan(tmp_path: Path, spread: bool) -> RunPlan:
    address = "https://e.example/rss"
    return RunPlan(
        files=[SourceFile("a.txt", 1, "seed")],
        feeds=[HostQueue(HostState("e.example"), (FeedRequest(address, FeedState(address)),))],
        staging=Staging(str(tmp_path), "_staging/run/attempt"),
        indexes={name: KeyIndex(name) for name in INDEXES},
        run_id="run",
        now=NOW,
        language_detector="langdetect",
        entities="none",
        near_duplicates="drop",
        near_window_days=30,
        partition_by=("date",),
        polling=PollSettings(HttpLimits("test"), PollLimits(), run_at=NOW),
        max_input_bytes=1_000,
        key_shards=4,
        workers=1,
        spread=spread,
        settle_shards=4 if spread else 1,
        patience_s=0,
        progress=ProgressWriter(None),
    )


class Shuffles(PipelineVisitor):  # type: ignore[misc, unused-ignore]
    """Collects what each GroupByKey of ours is given."""

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}

    def visit_transform(self, node: Any) -> None:
        if isinstance(node.transform, beam.GroupByKey):
            (source,) = node.inputs
            self.given[node.full_label] = source.element_type


@pytest.mark.parametrize(("spread", "count"), [(False, 7), (True, 6 + 17)])
def test_all_that_is_shuffled_is_typed_records_under_builtin_keys(
    tmp_path: Path, spread: bool, count: int
) -> None:
    """Nothing falls back to pickling, and no shuffle carries an article or a text but the one of payloads."""
    run = plan(tmp_path, spread)
    if spread:
        # Where nothing is committed, nothing is read of it.
        run.indexes["fingerprints"] = KeyIndex("fingerprints", ("a.parquet",))
    pipeline = beam.Pipeline(runner=FnApiRunner())
    build(pipeline, run)
    shuffles = Shuffles()
    pipeline.visit(shuffles)
    # Beam's own, of what is spread over workers once it is read, and of summaries.
    ours = {
        label: kind
        for label, kind in shuffles.given.items()
        if "Summarise" not in label and "Reshuffle" not in label
    }
    assert len(ours) == count, ours.keys()
    for label, kind in ours.items():
        coder = coders.registry.get_coder(kind)
        assert isinstance(coder, coders.TupleCoder), label
        key, value = coder.coders()
        assert isinstance(value, RecordCoder), label
        assert key.is_deterministic(), label
        assert value.to_type_hint().__name__ not in ("Article", "Payload", "PayloadBatch"), label


def test_new_items_of_a_spread_run_are_gathered_nowhere(tmp_path: Path) -> None:
    """No shuffle has one key for all of them; on one machine the one that has is there."""
    labels = {}
    for spread in (False, True):
        pipeline = beam.Pipeline(runner=FnApiRunner())
        build(pipeline, plan(tmp_path, spread))
        shuffles = Shuffles()
        pipeline.visit(shuffles)
        labels[spread] = shuffles.given.keys()
    assert "Deduplicate/GroupNew" in labels[False] - labels[True]
    assert "Deduplicate/Settle/GroupByLabels" in labels[True] - labels[False]


#: What any portable runner knows, be it Flink's, Spark's, Dataflow's or Prism.
PORTABLE = {
    "beam:transform:pardo:v1",
    "beam:transform:group_by_key:v1",
    "beam:transform:flatten:v1",
    "beam:transform:impulse:v1",
}


def test_the_graph_translates_for_any_engine(tmp_path: Path) -> None:
    """The portable form, with payloads spread over workers, is made of what every engine knows, and can be read back.

    Reading it back unpickles every DoFn and every coder, as a worker does.
    """
    options = PipelineOptions(["--runner=PortableRunner", "--job_endpoint=made-up:1"])
    pipeline = beam.Pipeline(options=options)
    build(pipeline, plan(tmp_path, spread=True))
    proto = pipeline.to_runner_api()
    transforms = proto.components.transforms.values()
    labels = {transform.unique_name for transform in transforms}
    assert {"Read/SpreadFiles", "Read/SpreadFeeds"} <= labels
    # A step that gives out what it was given is left out by every runner.
    steps = [
        one
        for one in transforms
        if not one.subtransforms and set(one.inputs.values()) != set(one.outputs.values())
    ]
    assert {step.spec.urn for step in steps} == PORTABLE
    assert not [one.unique_name for one in transforms if one.spec.urn.startswith("beam:runner")]
    # No state, no timers, no splittable steps, no windows: nothing that some engine lacks.
    assert not proto.requirements
    windows = {one.window_fn.urn for one in proto.components.windowing_strategies.values()}
    assert windows == {"beam:window_fn:global_windows:v1"}
    again = beam.Pipeline.from_runner_api(proto, FnApiRunner(), options)
    assert len(again.to_runner_api().components.transforms) == len(transforms)
