"""The FHIR R4 read API: the same people, rules and audit as the screens, for programs."""
