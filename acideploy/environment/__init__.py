"""From what the user asked for (a conda file, inline packages) to an environment that exists."""
