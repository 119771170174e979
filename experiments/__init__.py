"""One experiment for each result: a module, or a folder of its name, with settings and a run that writes rows. `engine` runs them."""
