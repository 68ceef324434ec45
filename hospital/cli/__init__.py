"""The commands of `healthpost hospital`."""
