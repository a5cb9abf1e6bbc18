"""``python -m mcsco``."""

from mcsco.cli import main

if __name__ == "__main__":
    main()
