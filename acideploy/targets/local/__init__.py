"""Services on this machine: a process that outlives the command, and a folder about it."""

from acideploy.targets.local.target import LocalTarget

__all__ = ["LocalTarget"]
