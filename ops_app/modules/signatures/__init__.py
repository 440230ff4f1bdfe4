"""Sign-in with a certificate, failed attempts with signatures, and where a signature is mandatory."""
