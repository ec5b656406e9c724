"""A synthetic programme in the real layouts of the survey tools. Its people and answers are invented."""
