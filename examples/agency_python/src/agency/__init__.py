"""An agency's own system, plugged into motcua: reads dossier events, decides, answers."""
