"""What care needs at the clinic: strips, medicines, cuffs; received, used and counted."""
