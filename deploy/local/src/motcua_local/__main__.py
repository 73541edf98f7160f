"""python -m motcua_local: the `motcua` command."""

from motcua_local.cli import main

if __name__ == "__main__":
    main()
