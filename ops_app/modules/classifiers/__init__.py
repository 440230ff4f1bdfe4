"""Dated classifiers: ICD-10, KATO, services, observation codes."""
