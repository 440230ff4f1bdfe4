"""The one life of every request for a service: referral, test, image, procedure, admission."""
