"""A conda file that cannot be resolved any more, and the nearest one that can."""
