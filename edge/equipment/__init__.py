"""The devices of a box: registry, requests, pairings, serial bindings, memory of connections."""
