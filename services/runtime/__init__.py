"""How a process of Ihala lives: calls, identity, storage, events, settings, logs, an orderly stop."""
