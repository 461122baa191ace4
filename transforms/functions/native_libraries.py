"""What the libraries of C below numpy are told for the sake of a small model: settings of this process, and no other.

Each does nothing where the library isn't the one that knows the setting.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

# From <malloc.h>. Blocks over the second are asked of the system one by one, and 32 MB is the most that it can be.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES, _LARGEST_BLOCK = 128 << 20, 32 << 20


def keep_freed_memory() -> bool:
    """Has glibc keep up to 128 MB of freed memory for what is asked for next; says whether it does.

    The arrays of one bucket of texts are freed before those of the next are made. Given back to the system in between,
    each 4 KB of them cost a fault when they are written to again: a fifth of the model's time. False where the C
    library is another one (macOS, Alpine).
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        set_option = ctypes.CDLL(None).mallopt
    except AttributeError:
        return False
    return bool(set_option(_TRIM_THRESHOLD, _KEPT_BYTES) and set_option(_MMAP_THRESHOLD, _LARGEST_BLOCK))


def limit_blas_threads() -> int | None:
    """Has the OpenBLAS that numpy brings work in one thread, and says how many it then has.

    OPENBLAS_NUM_THREADS does the same if set before numpy is imported, which pyarrow and Beam do before us.
    The matrices of a small model are too small to be shared: two threads made it less than half as fast,
    and would fight with the other workers. None where numpy has no OpenBLAS of its own (macOS,
    distributions' builds).
    """
    import numpy

    root = Path(numpy.__file__).parent
    for folder in (root.parent / "numpy.libs", root / ".dylibs"):
        for path in sorted(folder.glob("libscipy_openblas*")):
            for suffix in ("64_", ""):
                try:
                    # Loaded already, so this is a handle on the one that numpy uses.
                    library = ctypes.CDLL(str(path))
                    set_threads = library[f"scipy_openblas_set_num_threads{suffix}"]
                    get_threads = library[f"scipy_openblas_get_num_threads{suffix}"]
                except (OSError, AttributeError):
                    continue
                set_threads(ctypes.c_int(1))
                return int(get_threads())
    return None
