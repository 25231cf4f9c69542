"""What conda packages are called on PyPI.

Most have the same name in both places. Listed here are the ones that differ, and the ones that
hold no Python: programs and libraries that wheels either bring with them or do not need.
"""

from __future__ import annotations

import re

PYPI_NAMES = {
    "blas": None,
    "ca-certificates": None,
    "keras-gpu": "keras",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python-headless",
    "py-lightgbm": "lightgbm",
    "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "py-xgboost-gpu": "xgboost",
    "python-graphviz": "graphviz",
    "python_abi": None,
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "tensorflow-base": "tensorflow",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-mkl": "tensorflow",
    "torchvision-cpu": "torchvision",
    "transformers-cli": "transformers",
}

# Compilers, C libraries, system programs and conda's own bookkeeping packages.
_NO_PYTHON = re.compile(
    r"""_.* | lib.* | .*_linux-64 | gcc.* | gxx.* | binutils.* | compilers? | (?:c|cxx)-compiler
    | cuda.* | cudnn | nccl | mkl(?:_.*|-.*)? | nomkl | (?:intel|llvm)-openmp | openmp | openblas
    | openssl | sqlite | readline | ncurses | tk | xz | zlib | zstd | bzip2 | lz4-c | expat | icu
    | jpeg | freetype | glib | dbus | gst.* | krb5 | pcre | unixodbc | ld_impl.* | tbb
    | nodejs | openjdk | git | cmake | ninja | make | ffmpeg | graphviz | pandoc | curl | wget
    | conda | mamba | nb_conda.* | pip | setuptools | wheel | pytorch-mutex | cpuonly""",
    re.VERBOSE,
)

# What a process on this machine cannot get from PyPI and really lacks.
_ONLY_CONDA = re.compile(
    r"r | r-.* | rpy2 | julia | perl.* | openmpi | mpich | pyspark-java", re.VERBOSE
)


def pypi_name(conda_name: str) -> str | None:
    """The distribution on PyPI, or None where the package holds no Python."""
    name = conda_name.lower()
    if name in PYPI_NAMES:
        return PYPI_NAMES[name]
    return None if _NO_PYTHON.fullmatch(name) else name


def is_only_conda(conda_name: str) -> bool:
    """Whether the package has something that only a conda channel can give, such as R itself."""
    return _ONLY_CONDA.fullmatch(conda_name.lower()) is not None
