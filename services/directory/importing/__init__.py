"""Read files of providers by a mapping, for `ihala import`."""
