"""`python -m lighttrace` is the `lighttrace` command."""

from lighttrace.cli import main

if __name__ == "__main__":
    main()
