"""The command line: parses, calls `acideploy.api`, prints. Nothing else in the package does."""
