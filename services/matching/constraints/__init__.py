"""
Whether a provider can meet a need: one ordered table of small pure functions.

Each answers yes, no or unknown for one need, person and time (`Asked`) and one
provider. `table.CONSTRAINTS` is their order; no other code decides who matches.
"""
