"""Which distribution has which module, and which brings which.

Neither is written down anywhere before they are installed. Listed are those that scripts for
serving import; a name that is not listed is taken for that of its distribution.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

# The distributions that have a module, the one to ask for first. Names are canonical.
_MODULES: dict[str, tuple[str, ...]] = {
    "Crypto": ("pycryptodome",),
    "IPython": ("ipython",),
    "OpenSSL": ("pyopenssl",),
    "PIL": ("pillow", "pillow-simd"),
    "_yaml": ("pyyaml",),
    "absl": ("absl-py",),
    "attr": ("attrs",),
    "bs4": ("beautifulsoup4", "bs4"),
    "cv2": (
        *("opencv-python-headless", "opencv-python", "opencv-contrib-python"),
        "opencv-contrib-python-headless",
    ),
    "dateutil": ("python-dateutil",),
    "dotenv": ("python-dotenv",),
    "faiss": ("faiss-cpu", "faiss", "faiss-gpu"),
    "fitz": ("pymupdf",),
    "git": ("gitpython",),
    "google.protobuf": ("protobuf",),
    "imblearn": ("imbalanced-learn", "imblearn"),
    "jose": ("python-jose",),
    "jwt": ("pyjwt",),
    "keras": ("keras", "tensorflow", "tensorflow-cpu", "keras-nightly"),
    "mpl_toolkits": ("matplotlib",),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino"),
    "pkg_resources": ("setuptools",),
    "psycopg2": ("psycopg2-binary", "psycopg2"),
    "pylab": ("matplotlib",),
    "pywt": ("pywavelets",),
    "ruamel": ("ruamel-yaml",),
    "serial": ("pyserial",),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn", "sklearn"),
    "tensorflow": (
        *("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "intel-tensorflow"),
        "tf-nightly",
    ),
    "tflite_runtime": ("tflite-runtime",),
    "usb": ("pyusb",),
    "yaml": ("pyyaml",),
    "zmq": ("pyzmq",),
}

_TENSORFLOW = (
    "absl-py astunparse flatbuffers gast google-pasta grpcio h5py keras keras-applications "
    "keras-preprocessing markdown ml-dtypes numpy opt-einsum packaging protobuf requests scipy six "
    "tensorboard tensorflow-estimator termcolor typing-extensions werkzeug wrapt"
)
# What distributions bring with them, in any version of the years that people pin.
_NEEDS = {
    "applicationinsights": "",
    "attrs": "",
    "azure-core": "requests six typing-extensions",
    "azure-identity": "azure-core cryptography msal six requests pyjwt typing-extensions",
    "azure-keyvault-secrets": "azure-core isodate msrest requests typing-extensions",
    "azure-storage-blob": "azure-core cryptography isodate msrest requests typing-extensions",
    "azureml-inference-server-http": "flask gunicorn inference-schema psutil pydantic requests",
    "beautifulsoup4": "soupsieve typing-extensions",
    "bs4": "beautifulsoup4",
    "catboost": "graphviz matplotlib numpy pandas plotly scipy six",
    "cloudpickle": "",
    "cryptography": "cffi six",
    "dill": "",
    "fbprophet": "cmdstanpy convertdate cython holidays lunarcalendar matplotlib numpy pandas "
    "pystan python-dateutil setuptools-git tqdm",
    "flask": "blinker click itsdangerous jinja2 markupsafe werkzeug",
    "flask-cors": "flask six",
    "gensim": "numpy scipy six smart-open",
    "granian": "click",
    "gunicorn": "packaging setuptools",
    "h5py": "numpy six",
    "imbalanced-learn": "joblib numpy scikit-learn scipy threadpoolctl",
    "inference-schema": "python-dateutil pytz wrapt",
    "joblib": "",
    "jsonschema": "attrs six pyrsistent",
    "keras": "absl-py h5py ml-dtypes numpy pyyaml rich scipy six keras-applications "
    "keras-preprocessing",
    "lightgbm": "numpy scikit-learn scipy wheel",
    "matplotlib": "cycler fonttools kiwisolver numpy packaging pillow pyparsing python-dateutil "
    "six",
    "mlflow": "alembic click cloudpickle databricks-cli docker entrypoints flask gitpython jinja2 "
    "matplotlib numpy packaging pandas protobuf pyarrow python-dateutil pytz pyyaml "
    "querystring-parser requests scikit-learn scipy simplejson six sqlalchemy sqlparse tqdm",
    "nltk": "click joblib regex six tqdm",
    "numpy": "",
    "onnx": "ml-dtypes numpy protobuf six typing-extensions",
    "onnxruntime": "coloredlogs flatbuffers numpy onnx packaging protobuf sympy",
    "opencv-python": "numpy",
    "opencv-python-headless": "numpy",
    "pandas": "numpy python-dateutil pytz tzdata",
    "pillow": "",
    "pip": "",
    "plotly": "packaging retrying six tenacity narwhals",
    "prophet": "cmdstanpy convertdate holidays lunarcalendar matplotlib numpy pandas "
    "python-dateutil tqdm",
    "psutil": "",
    "pyarrow": "numpy",
    "pydantic": "annotated-types pydantic-core typing-extensions typing-inspection",
    "pyopenssl": "cryptography six",
    "python-dateutil": "six",
    "python-dotenv": "",
    "pytz": "",
    "pyyaml": "",
    "regex": "",
    "requests": "certifi chardet charset-normalizer idna urllib3",
    "scikit-image": "imageio lazy-loader matplotlib networkx numpy packaging pillow pywavelets "
    "scipy tifffile",
    "scikit-learn": "joblib numpy scipy threadpoolctl",
    "scipy": "numpy",
    "seaborn": "matplotlib numpy pandas scipy",
    "setuptools": "",
    "six": "",
    "sklearn": "scikit-learn",
    "sklearn-pandas": "numpy pandas scikit-learn scipy",
    "spacy": "blis catalogue cymem jinja2 murmurhash numpy packaging pathlib plac preshed pydantic "
    "requests setuptools spacy-legacy spacy-loggers srsly thinc tqdm typer wasabi",
    "statsmodels": "numpy packaging pandas patsy scipy",
    "tensorflow": _TENSORFLOW,
    "tensorflow-cpu": _TENSORFLOW,
    "tensorflow-gpu": _TENSORFLOW,
    "tokenizers": "huggingface-hub",
    "torch": "filelock fsspec future jinja2 networkx numpy sympy typing-extensions",
    "torchvision": "numpy pillow requests six torch",
    "tqdm": "",
    "transformers": "boto3 dataclasses filelock huggingface-hub importlib-metadata numpy packaging "
    "protobuf pyyaml regex requests sacremoses safetensors sentencepiece tokenizers tqdm",
    "ujson": "",
    "urllib3": "",
    "wheel": "",
    "xgboost": "numpy scipy",
}


def canonical(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", name).lower()


def distribution_of(module: str) -> str:
    """What to ask pip for, to have a module."""
    known = _having(module)
    return known[0] if known else module.partition(".")[0]


def is_known_module(module: str) -> bool:
    """Whether it is known which distributions have the module, and that no other has."""
    return bool(_having(module)) or canonical(module.partition(".")[0]) in _NEEDS


def is_known(distribution: str) -> bool:
    """Whether it is known what a distribution brings."""
    return distribution in _NEEDS


def with_needed(distributions: Iterable[str]) -> frozenset[str]:
    """The distributions, and what they bring, and so on."""
    found: set[str] = set()
    waiting = list(distributions)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _NEEDS.get(name, "").split()
    return frozenset(found)


def is_in(module: str, distributions: Set[str]) -> bool:
    """Whether one of the distributions has the module, or may have by its name."""
    top = canonical(module.partition(".")[0])
    if top in distributions or any(name in distributions for name in _having(module)):
        return True
    if is_known_module(module):
        return False
    joined = top.replace("-", "")
    return any(_is_like(name, top, joined) for name in distributions)


def _is_like(distribution: str, top: str, joined: str) -> bool:
    """`azure-storage-blob` for `azure`, `python-foo`, `foo-python` and `pyfoo` for `foo`."""
    bare = distribution.removeprefix("python-").removesuffix("-python").replace("-", "")
    return distribution.startswith(f"{top}-") or joined in (bare, bare.removeprefix("py"))


def _having(module: str) -> tuple[str, ...]:
    """By the longest part of the name that is listed."""
    name = module
    while name not in _MODULES and "." in name:
        name = name.rpartition(".")[0]
    return _MODULES.get(name, ())
