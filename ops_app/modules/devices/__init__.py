"""The register of devices: analysers, modalities, wearables, and the codes each of them speaks."""
