"""Azure as acideploy needs it: which cloud, Resource Manager, what a workspace is made of."""
