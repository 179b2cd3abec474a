"""The parts of the Dead letters page: scan → causes → messages → message → plan → run.

Everything in a message is untrusted: its body, its attributes and the error that it quotes. It is shown as text, in
code elements, escaped HTML and table cells, never as Markdown; no label of a widget quotes it.
"""
