"""Clinical rules: cited tables (TOML) and the small pure functions that read them."""
