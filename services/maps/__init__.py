"""Maps: what coordinators see of the directory and of referrals, by area."""
