"""`python -m hospital.broker.embedded_broker CONFIG`: runs rumqttd, the broker inside iotcore."""

from __future__ import annotations

import logging
import sys

from iotcore import IotCoreBroker


def main() -> None:
    """Run the broker of a rumqttd configuration file until the process is ended."""
    # rumqttd writes every packet to its log as an error; only our own words are worth hearing.
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    IotCoreBroker(config_path=sys.argv[1]).run_forever()


if __name__ == "__main__":
    main()
