"""
The Human Services Data Specification 3.1: its documents taken apart and put together, without wire or database.

A document is an object of the standard as it came in. The directory keeps it beside
the typed record that was read from it, so that nothing the standard can say is lost
(docs/hsds.md).
"""
