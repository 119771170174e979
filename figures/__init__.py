"""One drawing module for each result: it reads rows, draws them and computes nothing."""
