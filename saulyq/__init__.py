"""The command line, the settings and the running of the parts."""
