"""Why a provider is a match or is not, and the least change that would make it one: pure, and tried first."""
