"""A minimal OpenID provider: the dashboards sign in with the accounts of the operational app."""
