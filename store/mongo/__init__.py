"""MongoDB behind the seam."""
