"""One module a command of the command line: `add_arguments`, and `run`, which returns the exit code."""
