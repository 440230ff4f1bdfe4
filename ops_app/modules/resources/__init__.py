"""Registers of what a facility has and serves: schools, enterprises, insurers, services, beds, stores."""
