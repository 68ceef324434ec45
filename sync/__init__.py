"""How box and hospital talk (protocol CS/1): codec, envelope, protocol core, link, courier."""
