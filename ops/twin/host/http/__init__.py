"""HTTP/1.1 on loopback, for the APIs of the host."""
