"""The demo bookmakers: a server that speaks the three real protocols about a made-up, coherent world."""
