"""The protocol CS/1 between box and hospital: packing, frames, protocol core, link, courier."""
