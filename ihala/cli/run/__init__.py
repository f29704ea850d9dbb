"""What `ihala run` does: every part on this machine, and the demo case through all of them."""
