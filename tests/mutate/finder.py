"""Finds every place of a source file where a mistake of one of the kinds can be made.

Left out on purpose: texts (the tests that quote them hold them), types and decorators (mypy's), an `assert` (it holds
for every caller, so no test may break it), a dropped `await` (mypy's, and Python warns of it), and assignments to a
plain name, whose loss is a NameError.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.mutate.change import Change, Kind

# For an order both its border and its sense.
COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: (r"<", ("<=", ">=")),
    ast.LtE: (r"<=", ("<", ">")),
    ast.Gt: (r">", (">=", "<=")),
    ast.GtE: (r">=", (">", "<")),
    ast.Eq: (r"==", ("!=",)),
    ast.NotEq: (r"!=", ("==",)),
    ast.Is: (r"\bis\b", ("is not",)),
    ast.IsNot: (r"\bis\s+not\b", ("is",)),
    ast.In: (r"\bin\b", ("not in",)),
    ast.NotIn: (r"\bnot\s+in\b", ("in",)),
}
# The order of what these are given changes nothing, or nothing but a TypeError.
ORDERLESS = {"max", "min", "isinstance", "issubclass", "cast"}
UNREACHABLE = {"assert_never"}
TYPES = {"TypeVar"}
STRICT = {"strict"}  # of zip: it says what holds anyhow


def changes(path: str, source: bytes) -> list[Change]:
    """List them in the order of the file, each once."""
    found = set(_Finder(path, source).found(ast.parse(source)))
    return sorted(found, key=lambda change: (change.start, change.end, change.kind.value, change.new))


class _Finder:
    """Walks one file; offsets of `ast` are bytes within a line."""

    def __init__(self, path: str, source: bytes) -> None:
        self._path = path
        self._source = source
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def found(self, tree: ast.AST) -> Iterator[Change]:
        for node in ast.iter_child_nodes(tree):
            if not _is_left_out(tree, node):
                yield from self._of(node)
                yield from self.found(node)

    def _of(self, node: ast.AST) -> Iterator[Change]:
        match node:
            case ast.Compare():
                yield from self._comparisons(node)
            case ast.BoolOp():
                yield self._connective(node)
            case ast.UnaryOp(op=ast.Not()):
                yield self._change(Kind.CONDITION, self._start(node), self._start(node) + len("not "), "")
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
                yield from self._negation(test)
            case ast.Constant(value=value) if isinstance(value, bool):
                yield self._of_node(Kind.CONSTANT, node, str(not value))
            case ast.Constant(value=value) if isinstance(value, (int, float)):
                yield self._of_node(Kind.CONSTANT, node, repr(_other(value)))
            case ast.Call():
                yield from self._swaps(node)
            case ast.stmt() if _is_removable(node):
                yield self._of_node(Kind.STATEMENT, node, "pass")

    def _comparisons(self, node: ast.Compare) -> Iterator[Change]:
        sides = [node.left, *node.comparators]
        for at, operator in enumerate(node.ops):
            written, others = COMPARISONS[type(operator)]
            start, end = self._between(sides[at], sides[at + 1], written)
            for other in others:
                yield self._change(Kind.COMPARISON, start, end, other)

    def _connective(self, node: ast.BoolOp) -> Change:
        word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        start, end = self._between(node.values[0], node.values[1], rf"\b{word}\b")
        return self._change(Kind.CONDITION, start, end, other)

    def _negation(self, test: ast.expr) -> Iterator[Change]:
        if isinstance(test, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
            yield self._change(Kind.CONDITION, self._start(test), self._start(test), "not ")

    def _swaps(self, call: ast.Call) -> Iterator[Change]:
        if _name(call.func) in ORDERLESS:
            return
        for left, right in zip(call.args, call.args[1:], strict=False):
            first, second = self._text(left), self._text(right)
            if first != second and not isinstance(left, ast.Starred) and not isinstance(right, ast.Starred):
                between = self._source[self._end(left) : self._start(right)].decode()
                yield self._change(Kind.ARGUMENTS, self._start(left), self._end(right), second + between + first)

    def _between(self, left: ast.expr, right: ast.expr, written: str) -> tuple[int, int]:
        start = self._end(left)
        found = re.search(written.encode(), self._source[start : self._start(right)])
        assert found is not None
        return start + found.start(), start + found.end()

    def _of_node(self, kind: Kind, node: ast.expr | ast.stmt, new: str) -> Change:
        return self._change(kind, self._start(node), self._end(node), new)

    def _change(self, kind: Kind, start: int, end: int, new: str) -> Change:
        return Change(self._path, kind, start, end, new)

    def _text(self, node: ast.expr) -> str:
        return self._source[self._start(node) : self._end(node)].decode()

    def _start(self, node: ast.expr | ast.stmt) -> int:
        return self._lines[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._lines[node.end_lineno - 1] + node.end_col_offset


def _is_left_out(parent: ast.AST, node: ast.AST) -> bool:
    """Types, decorators, invariants, and what no run can reach."""
    match parent, node:
        case _, ast.Assert():
            return True
        case ast.keyword(arg=name), _ if name in STRICT:
            return True
        case _, ast.Call(func=called) if _name(called) in TYPES:
            return True
        case _, ast.Expr(value=ast.Call(func=called)) if _name(called) in UNREACHABLE:
            return True
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))), _:
            return True
        case ((ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef()), _) if node in parent.decorator_list:
            return True
        case ((ast.FunctionDef() | ast.AsyncFunctionDef()), _):
            return node is parent.returns
        case ((ast.AnnAssign(annotation=annotation) | ast.arg(annotation=annotation)), _):
            return node is annotation
    return False


def _is_removable(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Constant() | ast.Yield() | ast.YieldFrom()):
            return False
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Return() | ast.Continue() | ast.Break():
            return True
        case ast.Assign(targets=[target, *_]) | ast.AnnAssign(target=target, value=ast.expr()):
            return isinstance(target, (ast.Attribute, ast.Subscript))
        case ast.Delete(targets=[target, *_]):
            return isinstance(target, (ast.Attribute, ast.Subscript))
    return False


def _other(number: float) -> float:
    """A count is off by one; a duration is ten times too long, as when minutes are taken for seconds."""
    return number + 1 if type(number) is int or number == 0 else number * 10


def _name(called: ast.expr) -> str | None:
    match called:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return None
