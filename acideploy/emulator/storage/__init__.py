"""Microsoft.Storage: accounts, with their blobs in a real Azurite."""
