"""What the law on personal data asks: consents, requests of people about their data, disclosures, terms of storage."""
