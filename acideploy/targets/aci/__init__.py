"""Azure Container Instances: a service is a container group."""
