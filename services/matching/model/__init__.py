"""The values of matching: what is known of providers and persons, what is asked and answered."""
