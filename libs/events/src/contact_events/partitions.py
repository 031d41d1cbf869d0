"""Which partition a pool's records go to."""

from hashlib import blake2b


def partition_of(pool: str, partitions: int) -> int:
    """Return the partition of `pool` among `partitions`, the same in every topic and release.

    Raises:
        ValueError: there is no partition to choose from.
    """
    if partitions < 1:
        raise ValueError(f"a topic has at least one partition, not {partitions}")
    digest = blake2b(pool.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % partitions
