"""Services that are broken on purpose, so that checks are seen to find it, and one whose clock jumps; run by path."""
