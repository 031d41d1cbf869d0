"""The rules of the protocol, each with the change of production code that leaves it out."""

from tests.unit.protocol.mutants_of_consulting import CONSULTING
from tests.unit.protocol.mutants_of_joining import JOINING
from tests.unit.protocol.mutants_of_routing import ROUTING

MUTANTS = (*JOINING, *ROUTING, *CONSULTING)
