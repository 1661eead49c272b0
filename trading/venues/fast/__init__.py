"""The short way of an order, for venues whose wire we know by heart: no client library between."""
