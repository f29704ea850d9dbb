"""Translate between what notify speaks of and what travels: CloudEvents, RPC messages, offers."""
