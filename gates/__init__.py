"""Home-made gates: conventions that no ready tool holds. Each has a test that shows it fail."""
