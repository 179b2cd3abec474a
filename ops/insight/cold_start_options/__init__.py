"""Options against a function's cold starts, each with wait and cost before and after."""
