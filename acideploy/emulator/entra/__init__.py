"""Microsoft Entra: who is who, and the tokens that say so."""
