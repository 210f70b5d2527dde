"""Running notebooks: how a kernel is started, how one notebook is run and sealed, how several make a pipeline."""
