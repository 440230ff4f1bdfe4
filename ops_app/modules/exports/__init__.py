"""Everything of one person as files, given to the person or who speaks for him."""
