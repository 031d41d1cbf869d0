"""What a fold touched: what is derived from it must be looked at again, and nothing else."""

from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["call", "agent", "site", "queue", "policy", "calendar", "crowd"]
Touched: TypeAlias = tuple[tuple[Kind, str], ...]
NOTHING: Final[Touched] = ()
