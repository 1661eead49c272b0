"""How trading hangs on to the layers below it: see ``wiring.connect``."""
