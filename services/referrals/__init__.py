"""Referrals: a request from its first offer to its end, with its places, consent and clocks."""
