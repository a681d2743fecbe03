"""The documents of the interface, made from the operations and served."""
