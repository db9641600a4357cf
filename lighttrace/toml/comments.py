"""What is said of each setting: the texts below the fields of a table, out of its source."""

import ast
import inspect
from itertools import pairwise

from lighttrace.toml.setting import Table


def comments(cls: type[Table]) -> dict[str, str]:
    """By attribute; a field without a text below it is missing. Raises OSError without a source."""
    (definition,) = ast.parse(inspect.getsource(cls)).body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in pairwise(definition.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                found[name] = text
    return found
