"""Commands that explain and forecast: cold starts, costs, prices; in ``capacity``, the ramp and the drain of a backlog."""
