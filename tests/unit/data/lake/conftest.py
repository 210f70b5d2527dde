from shop_source import put

__all__ = ["put"]
