"""Bugs that are put in on purpose, to see that the checker finds each of them.

A bug is a function that takes the place of another in a running service (`python -m chaos.planted
BUG SERVICE serve`), so the product has no switch for it. A checker that finds none of them proves
nothing by finding nothing elsewhere.
"""
