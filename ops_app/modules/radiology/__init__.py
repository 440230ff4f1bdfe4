"""The work of radiology and functional diagnostics: orders, worklist, viewer, reports, ECG, doses."""
