"""The courier: the box's process that sends records to the hospital over the link."""
