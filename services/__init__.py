"""The services of Ihala: each folder is one process, and they meet in protos/ only."""
