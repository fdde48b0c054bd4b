"""``python -m fairplace``: all that ``fairplace`` does, where launchers may not run."""

from __future__ import annotations

import sys

from fairplace.cli import main

if __name__ == "__main__":
    sys.exit(main())
