"""What the kiosk and the desk share as web applications; it knows no patient and no store."""
