"""One experiment for each result: settings and a run that writes rows. Helpers start with an underscore and hold no science."""
