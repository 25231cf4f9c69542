"""Azure Resource Manager: the front door of the control plane."""
