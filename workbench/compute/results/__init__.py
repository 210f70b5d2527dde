"""Results that are kept: the same question of the same rows, seen through the same policy, is computed once."""

from workbench.compute.results.cache import ResultCache
from workbench.compute.results.keys import code_of, key_of
from workbench.compute.results.remembering import Remembering, anew

__all__ = ["Remembering", "ResultCache", "anew", "code_of", "key_of"]
