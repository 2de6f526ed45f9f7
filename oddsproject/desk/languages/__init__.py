"""How Django writes what our own formats do not: FORMAT_MODULE_PATH in the settings."""
