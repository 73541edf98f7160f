"""The citizens' stories, told on the running system as anyone outside would live them."""
