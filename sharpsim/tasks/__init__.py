"""Tasks with a ground truth, by which the responses of real policies are judged."""
