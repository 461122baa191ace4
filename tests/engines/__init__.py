"""Real engines for tests and benchmarks: started from published artefacts, on loopback only, and ended again."""
