"""Services on this machine: a process that outlives the command, and a folder about it."""
