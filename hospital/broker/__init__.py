"""The MQTT broker's configuration, and the embedded broker."""
