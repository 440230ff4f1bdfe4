"""Electronic signatures: CMS and time stamps verified to configured roots, and a development authority."""
