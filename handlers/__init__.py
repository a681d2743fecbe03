"""The REST adapter, the page, health and documents."""
