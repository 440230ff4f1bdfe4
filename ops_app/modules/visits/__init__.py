"""What happens at a visit: encounter, diagnoses, observations, services, referrals, medicines."""
