"""HL7 version 2: the gateway that takes messages in, and what they become."""
