"""What is said of each setting: the texts below the fields of a table, out of its source."""

import ast
import inspect
from itertools import pairwise

from lighttrace.toml.setting import Table


def comments(cls: type[Table]) -> dict[str, str]:
    """By attribute, those of inherited fields too; a field without a text below it is missing.
    Raises OSError without a source.
    """
    above = (it for it in cls.__bases__ if it is not Table and issubclass(it, Table))
    found = {name: text for base in above for name, text in comments(base).items()}
    (definition,) = ast.parse(inspect.getsource(cls)).body
    assert isinstance(definition, ast.ClassDef)
    for field, below in pairwise(definition.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                found[name] = text
    return found
