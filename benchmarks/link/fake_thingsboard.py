"""Answers the one request that a ThingsBoard gateway makes: its limits, of which there are none."""

from __future__ import annotations

import json
import sys
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

LIMITS = {
    "maxPayloadSize": 65536,
    "maxInflightMessages": 100,
    "rateLimits": {},
    "gatewayRateLimits": {},
}


def main() -> None:
    client = Client(CallbackAPIVersion.VERSION2, "thingsboard", clean_session=False)

    def answer(_client: Client, _user: object, message: MQTTMessage) -> None:
        number = message.topic.rsplit("/", 1)[1]
        client.publish(f"v1/devices/me/rpc/response/{number}", json.dumps(LIMITS), 1)

    def subscribe(*_: Any) -> None:
        client.subscribe("v1/devices/me/rpc/request/+", 1)

    client.on_connect, client.on_message = subscribe, answer
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", int(sys.argv[1]))
    client.loop_forever(retry_first_connection=True)


if __name__ == "__main__":
    main()
