"""Every home-made gate in one go: `python -m gates`."""

import sys

from gates import compatibility, documents, links, names, raw_subscribers, sizes, swallowed_errors

GATES = (
    sizes.main,
    names.main,
    raw_subscribers.main,
    swallowed_errors.main,
    links.main,
    documents.check,
    compatibility.check,
)


def main() -> int:
    """Run every gate, so that one run shows everything there is to mend."""
    return max([gate() for gate in GATES])


if __name__ == "__main__":
    sys.exit(main())
