"""Journals: a declared list becomes a paged screen with filters in its address, a print and a spreadsheet."""
