"""Parts of what work costs, each with its rule: a function, volume, failures, and another week."""
