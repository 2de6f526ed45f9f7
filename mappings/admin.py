"""The review desk: the queue of unmapped markets, our mappings, their audit."""
