"""What the nemesis does: one module for each kind of victim."""
