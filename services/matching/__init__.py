"""Matching: who can meet a need, in what order, and why."""
