"""What the service adds to a confidential container group."""

from __future__ import annotations

import base64

from acideploy.emulator.store import Document

# The policy of a group that brings none: it allows everything.
_POLICY = """package policy

api_svn := "0.10.0"

mount_device := {"allowed": true}
mount_overlay := {"allowed": true}
create_container := {"allowed": true, "env_list": null, "allow_stdio_access": true}
unmount_device := {"allowed": true}
unmount_overlay := {"allowed": true}
exec_in_container := {"allowed": true, "env_list": null}
exec_external := {"allowed": true, "env_list": null, "allow_stdio_access": true}
shutdown_container := {"allowed": true}
signal_container_process := {"allowed": true}
plan9_mount := {"allowed": true}
plan9_unmount := {"allowed": true}
get_properties := {"allowed": true}
dump_stacks := {"allowed": true}
runtime_logging := {"allowed": true}
load_fragment := {"allowed": true}
scratch_mount := {"allowed": true}
scratch_unmount := {"allowed": true}
"""


def confidential_properties(asked: Document) -> Document | None:
    """`confidentialComputeProperties` with a policy; None for a group of another SKU."""
    if asked.get("sku") != "Confidential":
        return None
    policy = base64.b64encode(_POLICY.encode()).decode()
    return {"ccePolicy": policy, **(asked.get("confidentialComputeProperties") or {})}
