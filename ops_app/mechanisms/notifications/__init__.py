"""Telling people that something waits for them: in the app and through other channels, never what about whom."""
