"""Analysers that speak ASTM E1381/E1394 (LIS1-A, LIS2-A2) over TCP, or over a serial line that a box turns into TCP."""
