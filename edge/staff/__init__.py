"""The people who work at the box: roles, PINs, lockout, audit, drafts."""
