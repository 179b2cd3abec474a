"""Dead letters: read them onto a shelf (``look``), know why they died (``causes``), bring them back (``redrive``)."""
