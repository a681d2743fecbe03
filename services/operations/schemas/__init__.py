"""What comes in and goes out as JSON: checked, decoded, and published as schemas."""
