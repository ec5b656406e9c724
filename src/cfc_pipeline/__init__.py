"""cfc-pipeline: from survey exports to published outcome tables."""

from importlib.metadata import version

__version__ = version("cfc-pipeline")
