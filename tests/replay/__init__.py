"""Recorded traffic of the real services, asked again of the emulator, answer beside answer."""
