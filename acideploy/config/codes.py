"""Every kind of problem. The codes are stable: scripts may rely on them."""

from __future__ import annotations

CODES: dict[str, str] = {
    # Files
    "file-not-found": "the file does not exist",
    "not-a-file": "it is a folder, a pipe or a device",
    "unreadable-file": "the file may not be read",
    "file-too-large": "the file is larger than any configuration",
    "bad-encoding": "the text is not UTF-8",
    "bad-syntax": "the file is neither JSON nor YAML",
    "empty-file": "the file holds nothing",
    "not-a-mapping": "the file does not hold keys with values",
    # Keys
    "duplicate-key": "a key is given twice; the last one counts",
    "unknown-key": "there is no such key; it is ignored",
    "misplaced-key": "the key belongs to another table; it is ignored here",
    "ignored-key": "the key has no effect on this kind of service, or beside another",
    "unused-key": "the key has no effect until another is set",
    "missing-key": "a key that is needed is not given",
    "incomplete-keys": "of keys that go together, some are missing",
    "conflicting-keys": "keys contradict each other",
    # Values
    "wrong-type": "a value of another type, which cannot be read",
    "loose-type": "a value of another type, such as a number in quotes, that was read all the same",
    "out-of-range": "a number that is too small or too large",
    "bad-value": "a value that is not allowed",
    "unreplaced-variable": "a pipeline's variable that was not replaced",
    "sample-value": "a value left over from the documentation's sample",
    "now-read": "a key that the retired tool ignored, and acideploy reads",
    # Paths
    "path-not-found": "a file or folder that a key names does not exist",
    "path-beside-config": "a path was found relative to the config file, not the current directory",
    # Entry script
    "not-python": "the entry script is not a .py file",
    "bad-entry-script-name": "the entry script's name is not a module name",
    "entry-script-outside": "the entry script is not in the source directory",
    "script-syntax": "the entry script is not Python, or too new for the environment's Python",
    "missing-init": "the entry script has no init()",
    "missing-run": "the entry script has no run()",
    "bad-init-signature": "init() cannot be called as the server calls it",
    "bad-run-signature": "run() cannot be called as the server calls it",
    # Environment
    "environment-reference": "an environment is only named, not described",
    "environment-and-flat-keys": "environment is given beside the keys that it replaces",
    "base-image-and-dockerfile": "a base image is given beside a Dockerfile that makes one",
    "no-azureml-defaults": "the serving stack is not asked for; it is added all the same",
    "bad-requirement": "a dependency that conda or pip would refuse",
    "v2-file": "the file belongs to version 2 of `az ml`",
    "python-not-given": "no Python version is asked for",
    "conda-package-from-pypi": "a conda package is taken from PyPI for a local service",
    "full-azureml": "the script needs azureml-defaults itself, so it is not replaced",
    "conda-package-left-out": "a conda package that a local service cannot have",
    "conda-range-unknown": "a range of versions that pip cannot express",
    "container-only": "what only a container can use, such as a base image",
    # Flags
    "unused-flag": "a flag that has no use any more",
    "aks-only-flag": "a flag that means something on AKS only",
    "azure-workspace-ignored": "an Azure workspace is named, and the local one is used",
    "bad-profile": "the profiling result cannot be used",
    "bad-source-date-epoch": "SOURCE_DATE_EPOCH is not a number of seconds",
    # Models and names
    "model-not-found": "there is no such model or version",
    "bad-service-name": "a service cannot have this name",
    "bad-model-reference": "a model is given as name:version or name",
    "bad-model-name": "a model cannot have this name",
}
