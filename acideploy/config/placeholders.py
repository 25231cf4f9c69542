"""Values that were never filled in."""

from __future__ import annotations

import re

from acideploy.config.checked import Findings
from acideploy.config.document import Table, scalars

# $(pipeline.variable), ${VARIABLE}, #{token}#, {{ template }}, <your-name>, __TOKEN__, %VARIABLE%
VARIABLE = re.compile(
    r"\$\([\w.\- ]+\)|\$\{\w+\}|#\{[^}]+\}#?|\{\{.+?\}\}|<[\w\- ]+>|__[A-Z_]+__|%[A-Z_]\w*%"
)
# A value is short; in a long text, some patterns take quadratic time.
LONGEST = 500
REPLACE_IT = "replace it before the deploy, as the pipeline did"
# The service's own environment variables may well hold any of these.
FREE_TEXT = ("description", "environmentVariables", "baseDockerfile", "variables")


def variable_in(text: str) -> str | None:
    """The first variable in the text that something should have replaced."""
    found = VARIABLE.search(text[:LONGEST])
    return found[0] if found else None


def report_placeholders(table: Table, findings: Findings) -> None:
    """Warns of variables that something should have replaced, and notes a sample's values."""
    for name, scalar in scalars(table):
        keys = name.split(".")
        if not isinstance(scalar.value, str) or scalar.place.line is None:
            continue
        if scalar.value == "EXAMPLE_VALUE":
            findings.note(
                "sample-value",
                f"{keys[-1]} comes from the documentation's sample; it has no use",
                scalar.place,
                "remove it",
            )
        elif set(keys) & set(FREE_TEXT):
            continue
        elif scalar.value == "None":
            findings.warning(
                "bad-value",
                f"{name} is the text None, not the absence of a value",
                scalar.place,
                "leave the key out, or write null",
            )
        elif variable := variable_in(scalar.value):
            findings.warning(
                "unreplaced-variable",
                f"{variable} in {name} was not replaced by a value",
                scalar.place,
                REPLACE_IT,
            )
