"""Who may open whose card and which topics are closed to whom: the declared defaults and what organisations changed."""
