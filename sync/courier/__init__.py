"""The courier: the box's process that brings records to the hospital."""
