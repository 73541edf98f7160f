"""The rig that tries to break motcua, and saves what happened for the checker."""
