"""Azure Container Instances: container groups, from the request to the last log line."""
