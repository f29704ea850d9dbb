"""
Read files of providers by a mapping, for `ihala import`.

`import_files` is all that a caller needs: it reads, sends and reports.
"""

from services.directory.importing.sending import Report, import_files

__all__ = ["Report", "import_files"]
