"""Groups of commands that have grown too long for `cli.py`, which gathers them. They may import
everything, as it may; like it, they only ask and print.
"""
