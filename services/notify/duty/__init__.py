"""The duty page: tasks that ring until a named person takes them, and answers that were given by telephone."""
