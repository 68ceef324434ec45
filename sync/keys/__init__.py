"""Keys of box and hospital, enrolment, and what makes a box a member of a hospital."""
