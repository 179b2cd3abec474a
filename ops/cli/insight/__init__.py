"""Commands that explain and forecast: cold starts, costs, prices, the ramp and the drain of a backlog."""
