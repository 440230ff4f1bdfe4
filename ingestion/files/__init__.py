"""Analysers that leave files of results in a folder."""
