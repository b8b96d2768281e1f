"""The process that asks models: the only part that imports litellm, and the only one that holds a key for long."""
