"""Loads the English model when it is imported: for a server that worker processes are forked from, and no one else.

So the model is loaded once for all of them, and its memory is shared. Where it can't be loaded, whoever needs it says
so.
"""

import contextlib

from schemas.errors import RunError
from transforms.functions.spacy_entities import SpacyExtractor

with contextlib.suppress(RunError):
    SpacyExtractor().load("en")
