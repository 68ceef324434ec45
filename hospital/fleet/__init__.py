"""The boxes of a hospital: claims, authority, keys, commands."""
