"""The groups of commands, one file each; parts are imported inside the command."""
