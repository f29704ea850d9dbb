"""The directory: who offers what, where, for whom, and how many places they last reported."""
