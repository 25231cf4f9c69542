"""Azure on loopback: Container Instances that really run, registries, and what a login needs.

It imports nothing from the rest of the package, so that a mistake of one cannot hide in the other.
"""
