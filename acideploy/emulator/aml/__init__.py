"""Microsoft.MachineLearningServices: workspaces, their models and datastores."""
