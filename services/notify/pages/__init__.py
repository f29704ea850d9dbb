"""The answer page: the receiver of those who have no system, in any browser, with or without JavaScript."""
