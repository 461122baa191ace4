"""datatrove's MinHash deduplication of JSON Lines to Parquet, on two workers.

    PEER_PYTHON tests/benchmarks/datatrove_peer.py INPUT_FOLDER WORK_FOLDER [--tokenizer default|split]

It stands alone, and runs in an environment of datatrove's own:

    python -m venv /tmp/datatrove
    /tmp/datatrove/bin/pip install datatrove==0.10.1 pyarrow orjson regex "xxhash<4" fasteners tokenizers spacy

It is in no lock file of the project: it would bring the client of a model hub and forty other packages for the sake of
one comparison, and its extras hold versions that the project's own are not to be held to.

The four steps are those of datatrove's own example, with its own settings (5-word shingles, 14 buckets of 8 hashes): a
signature of each document, pairs by bucket, clusters, and the documents again without all but one of each cluster, from
JSON Lines to zstd Parquet. It gives work to workers by files, so INPUT_FOLDER holds two.

--tokenizer default: the one that it has for English, which is spaCy's. split: words by white space, through a class of
three lines; as fast as it gets.

The last line is JSON: when its libraries were loaded (`began_at`, seconds since 1970), its version, and `kept`.
"""

import argparse
import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path

# The libraries below it start threads, and two workers have two cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pyarrow as pa
import pyarrow.parquet as pq
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils.typeshelper import Languages
from datatrove.utils.word_tokenizers import WordTokenizer

WORKERS = 2

#: It would guess the columns from the first document, and fail on the next one that has a byline.
SCHEMA = pa.schema(
    {
        "text": pa.string(),
        "id": pa.string(),
        **{name: pa.string() for name in ("title", "byline", "source", "published", "lang")},
    }
)


class SplitTokenizer(WordTokenizer):
    """Words by white space."""

    def word_tokenize(self, text: str) -> list[str]:
        """The words of a text."""
        return text.split()

    def sent_tokenize(self, text: str) -> list[str]:
        """Not asked for."""
        raise NotImplementedError

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """Not asked for."""
        raise NotImplementedError


def run(source: Path, work: Path, tokenizer: str | WordTokenizer) -> None:
    """The four steps, one after the other."""
    config = MinhashConfig()
    steps = (
        (
            WORKERS,
            [
                JsonlReader(str(source)),
                MinhashDedupSignature(str(work / "signatures"), config=config, language=tokenizer),
            ],
        ),
        (
            config.num_buckets,
            [MinhashDedupBuckets(str(work / "signatures"), str(work / "buckets"), config=config)],
        ),
        (1, [MinhashDedupCluster(str(work / "buckets"), str(work / "remove"), config=config)]),
        (
            WORKERS,
            [
                JsonlReader(str(source)),
                MinhashDedupFilter(str(work / "remove")),
                ParquetWriter(str(work / "out"), compression="zstd", expand_metadata=True, schema=SCHEMA),
            ],
        ),
    )
    for number, (tasks, pipeline) in enumerate(steps):
        LocalPipelineExecutor(
            pipeline=pipeline,
            tasks=tasks,
            workers=min(WORKERS, tasks),
            logging_dir=str(work / "logs" / str(number)),
        ).run()


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--tokenizer", choices=("default", "split"), default="default")
    arguments = parser.parse_args()
    began_at = time.time()
    run(
        arguments.source,
        arguments.work,
        Languages.english if arguments.tokenizer == "default" else SplitTokenizer(),
    )
    kept = sum(pq.read_metadata(path).num_rows for path in (arguments.work / "out").rglob("*.parquet"))
    said = {
        "began_at": began_at,
        "datatrove": version("datatrove"),
        "python": sys.version.split()[0],
        "kept": kept,
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
