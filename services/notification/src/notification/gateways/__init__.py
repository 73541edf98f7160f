"""Outside providers, one file each."""
