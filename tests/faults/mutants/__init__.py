"""Services that are broken on purpose, so that the checks are seen to find it; run by path."""
