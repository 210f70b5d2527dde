"""Where rows come from, how they are checked and where they are kept."""
