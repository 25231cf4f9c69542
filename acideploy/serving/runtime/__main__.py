"""`python -m acideploy_serving`: serves the entry script until it is told to stop."""

from __future__ import annotations

import sys


def main() -> None:
    # `-m` puts the working directory first, where a user's `random.py` would hide the library's.
    # The application root takes that place later, when everything of ours has been imported.
    del sys.path[0]
    # A log that is read while the service runs: nothing may wait in a buffer.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]

    from .server import serve
    from .settings import SettingsError, read_settings

    try:
        settings = read_settings()
    except SettingsError as error:
        # 3 is what the scoring application ends with for whatever keeps it from starting.
        print(f"acideploy_serving: {error}", file=sys.stderr)
        sys.exit(3)
    serve(settings)


if __name__ == "__main__":
    main()
