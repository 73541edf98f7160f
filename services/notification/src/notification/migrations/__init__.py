"""Revisions of notification's database, run by `notification migrate`."""
