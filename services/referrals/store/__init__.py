"""
What referrals keep in PostgreSQL, a module a noun; every function takes a connection of a transaction.

Lock order, in every transaction: request key, consent, needs, offers by id, places by
key, tasks, and the feed's counter last.
"""
