"""How many invocations were cold, why each environment was, and whether a version starts slower."""
