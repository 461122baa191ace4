"""What all tests may ask for."""

from tests.engines.fixtures import _flink_folder, flink, prism

__all__ = ["_flink_folder", "flink", "prism"]
