"""The directory in memory, laid out so that many providers are judged and measured at once."""
