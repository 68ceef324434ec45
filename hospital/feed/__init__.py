"""The feed of each clinic: what the hospital sends to its boxes."""
