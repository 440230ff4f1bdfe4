"""Engines, the lake's paths, the served warehouse and release control; imports nothing of ours."""
