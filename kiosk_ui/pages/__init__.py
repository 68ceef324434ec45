"""One page a file, its template beside it under the same name."""
