"""Who can meet a need, in what order, and why: a read model in memory that stores nothing."""
