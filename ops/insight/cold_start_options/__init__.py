"""What would change a function's cold starts, each option with its wait and dollars before and after."""
