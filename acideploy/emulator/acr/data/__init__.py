"""The data plane of Azure Container Registry: what `{registry}.azurecr.io` answers.

`registry.py` is the door for the control plane; nothing else is imported from outside.
"""
