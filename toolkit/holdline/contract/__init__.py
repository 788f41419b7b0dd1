"""The frozen contract of mutation scripts: what changes data or infrastructure, what each may do, and its logic."""
