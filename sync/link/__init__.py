"""The MQTT link: addresses, TLS, and a client that expects to lose messages."""
