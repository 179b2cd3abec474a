"""``python -m ops``: the same as the installed ``ops``."""

from ops.cli import main

if __name__ == "__main__":
    main()
