from _typeshed import Incomplete
from contextlib import contextmanager
from pathlib import Path

__all__ = ['suggest', 'warn_once', 'naming', 'SECRET_LOOK', 'masked']

def suggest(key: str, known, cutoff: float = 0.85) -> str | None: ...
def warn_once(message: str) -> None: ...
@contextmanager
def naming(name: str | Path): ...

SECRET_LOOK: Incomplete

def masked(text: str, *secrets) -> str: ...
