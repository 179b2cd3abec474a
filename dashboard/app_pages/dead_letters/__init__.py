"""The parts of the Dead letters page: look → causes → letters → one letter → plan → run.

Everything in a letter is foreign: its body, its attributes and the error that it quotes. It is shown as text, in code
elements, escaped HTML and table cells, and never as Markdown; no label of a widget quotes it.
"""
