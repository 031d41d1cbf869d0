"""What the database says is turned into what a caller can act on."""

import asyncpg
import pytest

from contact_runtime.database import in_our_words
from contact_runtime.errors import Transient


def test_a_driver_out_of_step_with_a_dying_server_is_transient() -> None:
    error = asyncpg.exceptions.InternalClientError("cannot switch to state 11")
    with pytest.raises(Transient, match="the connection is lost"), in_our_words():
        raise error
