"""From a device's events to readings in the box's file."""
