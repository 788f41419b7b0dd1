"""`python -m holdline`."""

import sys

from holdline.cli import main

if __name__ == "__main__":
    sys.exit(main())
