"""One function per command: flags in, a call of the workspace, a result for stdout."""
