"""What people see and touch at the box."""
