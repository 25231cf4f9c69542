"""Azure Container Registry: registries as resources, and what is in them."""
