"""Find out how files are read: by the mapping that was named, or as the workbook that `ihala template` made."""

from collections.abc import Sequence
from pathlib import Path

from services.directory.importing.limits import Limits
from services.directory.importing.mapping import Mapping, read_mapping
from services.directory.model import refuse


def mapping_for(paths: Sequence[Path], mapping_path: Path | None, limits: Limits) -> Mapping:
    """
    Read the mapping of files.

    Raises:
        InvalidInput: the mapping cannot be read, or none was named and a file needs one.
    """
    if mapping_path is not None:
        return read_mapping(mapping_path)
    raise refuse("mapping", "must be given: only a workbook of `ihala template` is read without")
