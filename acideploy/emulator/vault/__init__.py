"""Microsoft.KeyVault: vaults and their secrets."""
