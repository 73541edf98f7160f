"""Outside parties for the demo and the tests, each a process of its own that can misbehave.

They are written from the published protocols and import nothing of motcua: what passes here
passes because both sides follow the protocol, not because they share code.
"""
