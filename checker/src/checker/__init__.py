"""Decides from a saved run alone whether motcua kept its promises; shares no code with it."""
