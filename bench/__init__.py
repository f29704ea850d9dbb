"""What `make bench` measures, each beside a peer of the same run."""
