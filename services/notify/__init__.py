"""Notify: tells a provider's receiver of a referral by every channel, until a person has answered."""
