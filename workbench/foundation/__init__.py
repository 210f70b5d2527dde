"""What every floor stands on: errors, settings, the registry, logging, the catalog and jobs. Knows nothing of data."""
