"""The command ``fivenines``, as ``python -m fivenines`` or as the script of the package."""

import signal
import sys

from . import _native


def main() -> int:
    """Runs the command with the words of ``sys.argv`` and returns its exit code."""
    # The command handles its signals; the handler of Python would only run after it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _native.command(["fivenines", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
