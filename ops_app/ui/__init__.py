"""What people see: templates of the frame, macros, styles."""
