"""The DICOM gateway: receives, finds, hands out; one process that also runs alone."""
