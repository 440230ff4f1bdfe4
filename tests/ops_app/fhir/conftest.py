"""The person that programs read about here."""

from tests.ops_app.fhir.reading import ill as ill
