"""JMESPath filters over messages, and their compiler to SQL.

Why a compiler: a new filter over a snapshot of 100,000 messages has to be answered within 500 ms, on a page that runs
it with every change of its text. Called for each row, jmespath takes seconds, most of them to parse bodies as JSON. So
as much of a filter as SQLite can answer becomes SQL (``sql``, ``path``), which reads a short outline of each body where
there is one; only messages of which SQL cannot be sure are parsed and given to jmespath (``jmespath_filter``).

Both have to mean the same: tests/ops/deadletters/filters compares them with jmespath itself on random messages and
filters. ``growth`` refuses expressions whose result could outgrow memory.
"""
