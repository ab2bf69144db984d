"""A package of the frozen sample."""
