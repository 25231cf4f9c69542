"""Whether a script can do with the stand-in for azureml-core, decided without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# What azureml-defaults brought. Other parts of `azureml` (monitoring, automl, telemetry...) are
# distributions of their own, which a user lists and which then bring what they need.
AZUREML_DEFAULTS = (
    "azureml._",
    "azureml.contrib.services",
    "azureml.core",
    "azureml.data",
    "azureml.dataprep",
    "azureml.exceptions",
    "azureml.history",
)

# What works, with everything below it.
WORKING = frozenset(
    {
        "azureml.contrib.services.aml_request",
        "azureml.contrib.services.aml_response",
        "azureml.core.Model.get_model_path",
        "azureml.core.VERSION",
        "azureml.core.__version__",
        "azureml.core.model.Model.get_model_path",
        "azureml.exceptions.AzureMLException",
        "azureml.exceptions.ModelNotFoundException",
        "azureml.exceptions.UserErrorException",
        "azureml.exceptions.WebserviceException",
    }
)

# What can be imported and passed about, and fails when it is called or looked into.
IMPORTABLE = frozenset(
    {
        "azureml",
        "azureml.contrib",
        "azureml.contrib.services",
        "azureml.core",
        "azureml.core.Dataset",
        "azureml.core.Datastore",
        "azureml.core.Environment",
        "azureml.core.Experiment",
        "azureml.core.Model",
        "azureml.core.Run",
        "azureml.core.Webservice",
        "azureml.core.Workspace",
        "azureml.core.model",
        "azureml.core.model.InferenceConfig",
        "azureml.core.model.Model",
        "azureml.core.run",
        "azureml.core.run.Run",
        "azureml.core.webservice",
        "azureml.core.webservice.AciWebservice",
        "azureml.core.webservice.AksWebservice",
        "azureml.core.webservice.Webservice",
        "azureml.core.workspace",
        "azureml.core.workspace.Workspace",
        "azureml.exceptions",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AzuremlUse:
    """`name` is dotted: `azureml.core.Workspace.from_config`. `line` counts from 1."""

    name: str
    line: int


def needs_full_azureml(source: str) -> tuple[AzuremlUse, ...]:
    """What a script imports or uses of azureml-defaults that the stand-in cannot do, line by line.

    Nothing for a script that does not parse: whoever reads it says so.
    """
    try:
        tree = ast.parse(source.removeprefix("\ufeff"))
    except (SyntaxError, ValueError):
        return ()
    imports = list(_imports(tree))
    visitor = _Uses({bound: name for bound, name, _ in imports})
    visitor.visit(tree)
    missing = {(line, name) for _, name, line in imports if not _can_be_imported(name)}
    missing |= {(line, name) for line, name in visitor.uses if not _works(name)}
    return tuple(
        AzuremlUse(name=name, line=line)
        for line, name in sorted(missing)
        if name.startswith(AZUREML_DEFAULTS)
    )


def _imports(tree: ast.AST) -> Iterator[tuple[str, str, int]]:
    """Each imported name: what it is bound to, what it is, and the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                # `import a.b` binds `a`, and so `a.b` is what `a.b` in the script is.
                yield alias.asname or alias.name, alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}", node.lineno


class _Uses(ast.NodeVisitor):
    """Collects what is called, or looked into, of the things that a script imported."""

    def __init__(self, origins: Mapping[str, str]) -> None:
        self.uses: set[tuple[int, str]] = set()
        self._origins = origins

    def visit_Call(self, node: ast.Call) -> None:
        name = self._origin(node.func)
        if name is None:
            self.visit(node.func)
        else:
            self.uses.add((node.lineno, name))
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            self.visit(argument)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = self._origin(node)
        if name is None:
            self.generic_visit(node)
        elif name not in IMPORTABLE:
            self.uses.add((node.lineno, name))

    def _origin(self, node: ast.AST) -> str | None:
        """The full name of `Name` or `Name.attribute...`, where it begins with an imported one."""
        dotted = _dotted(node)
        for bound in sorted(self._origins, key=len, reverse=True):
            if dotted is not None and f"{dotted}.".startswith(f"{bound}."):
                return self._origins[bound] + dotted[len(bound) :]
        return None


def _dotted(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value)
        return None if owner is None else f"{owner}.{node.attr}"
    return None


def _can_be_imported(name: str) -> bool:
    return name.removesuffix(".*") in IMPORTABLE or _works(name)


def _works(name: str) -> bool:
    return any(f"{name}.".startswith(f"{working}.") for working in WORKING)
