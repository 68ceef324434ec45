"""Accounts and sessions of the desk."""
