"""Programs that speak a venue's wire protocol; the platform under test talks to them unpatched."""
