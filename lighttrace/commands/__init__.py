"""What the command line can do besides running the server, one module for each group of commands;
`cli.py` gathers them. They may import everything, as it may; like it, they only ask and print.
"""
