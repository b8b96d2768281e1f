"""Models that are asked over HTTP, by litellm in a process of its own. Only wire/ imports litellm."""
