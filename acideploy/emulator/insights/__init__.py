"""Microsoft.Insights: what a workspace refers to."""
