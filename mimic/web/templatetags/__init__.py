"""Template tags of the trader's pages."""
