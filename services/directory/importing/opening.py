"""Find out how files are read: by the mapping that was named, or as the workbook that `ihala template` made."""

from collections.abc import Sequence
from pathlib import Path

from services.directory.importing.limits import Limits
from services.directory.importing.mapping import Mapping, parse_mapping, read_mapping
from services.directory.importing.template_reading import dataset_in, template_mapping
from services.directory.model import refuse


def mapping_for(paths: Sequence[Path], mapping_path: Path | None, limits: Limits) -> Mapping:
    """
    Read the mapping of files.

    Raises:
        InvalidInput: the mapping cannot be read, or none was named and a file needs one.
    """
    if mapping_path is not None:
        return read_mapping(mapping_path)
    if any(path.suffix.lower() != ".xlsx" for path in paths):
        raise refuse("mapping", "must be given: only a workbook of `ihala template` is read without")
    datasets = {dataset_in(path, limits) for path in paths}
    if len(datasets) > 1:
        raise refuse("file", "must be of one dataset with the other files")
    return parse_mapping(template_mapping(datasets.pop()))
