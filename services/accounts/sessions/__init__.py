"""Sessions and API tokens, as their person sees them."""
