"""One command over many repositories: the list, a process for each, here or on a cluster, and what is remembered."""
