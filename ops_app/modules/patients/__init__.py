"""The register of people: identity, attachment, serving site, finding a person."""
