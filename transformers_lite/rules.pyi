from _typeshed import Incomplete
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ['Rule', 'is_whole', 'is_number', 'KINDS', 'broken', 'check', 'Count', 'Depth', 'Share', 'Spread', 'Positive', 'Size', 'ACTIVATIONS', 'is_activation', 'Activation', 'USUAL', 'usual_type']

@dataclass(frozen=True)
class Rule:
    words: str
    holds: Callable | None = ...
    names: tuple = ...
    error: type = ...
    def __repr__(self) -> str: ...

def is_whole(v) -> bool: ...
def is_number(v) -> bool: ...

KINDS: Incomplete

def broken(value, annotation) -> Rule | None: ...
def check(name: str, value, annotation, who: str = '') -> None: ...

Count: Incomplete
Depth: Incomplete
Share: Incomplete
Spread: Incomplete
Positive: Incomplete
Size: Incomplete
ACTIVATIONS: Incomplete

def is_activation(v) -> bool: ...

Activation: Incomplete
USUAL: Incomplete

def usual_type(name: str, annotation, default): ...
