"""What can be known of a service before anything is made for it, beyond what the files say."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping

from acideploy.config.problem import Place, Problem
from acideploy.config.values import Serving


def certificate_problems(serving: Serving) -> tuple[Problem, ...]:
    """Whether the certificate and the key can be loaded, and belong together."""
    certificate, key = serving.ssl_certificate, serving.ssl_key
    if not serving.ssl_enabled or certificate is None or key is None:
        return ()
    try:
        # The empty pass phrase keeps OpenSSL from asking for one on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        mismatch = "mismatch" in str(error).lower()
        problem = Problem(
            code="bad-certificate",
            severity="error",
            message=f"it does not belong to the key {key}"
            if mismatch
            else f"it and {key} are not a PEM certificate and its key",
            place=Place(file=str(certificate)),
            hint="give the certificate with its chain, and its key without a pass phrase, as PEM",
        )
        return (problem,)
    return ()


def variable_problems(variables: Mapping[str, str]) -> tuple[Problem, ...]:
    """Environment variables that no process can be given."""
    return tuple(
        Problem(
            code="bad-variable",
            severity="error",
            message=f"a process cannot have the environment variable {name!r}",
            hint="a name has no `=`, and neither name nor value has a NUL character",
        )
        for name, value in variables.items()
        if not re.fullmatch(r"[^=\0]+", name) or "\0" in value
    )
