"""Plans for many people at once: who goes where at least total cost, nobody beyond the places that are free (R52)."""
