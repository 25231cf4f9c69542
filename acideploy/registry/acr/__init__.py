"""Azure Container Registry, or any registry that speaks the OCI distribution protocol."""

from acideploy.registry.acr.registry import AcrRegistry

__all__ = ["AcrRegistry"]
