"""Images: the archive of studies, who they belong to, their exchange and the screens that show them."""
