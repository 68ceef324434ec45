"""Photos and recordings at the hospital."""
