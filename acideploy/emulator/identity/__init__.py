"""Managed identities, their tokens, and what principals may do."""
