"""Security of the installation: reviews of stated reasons, incidents with their evidence, sign-ins, installed files."""
