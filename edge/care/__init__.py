"""Care over time: programmes, appointments, calls, immunizations and who should have come."""
