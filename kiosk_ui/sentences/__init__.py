"""What the kiosk says in whole sentences: issues of the box, messages of the hospital."""
