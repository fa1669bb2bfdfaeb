"""Readers: every data set that Facelines knows -> one stream of samples, decoded one at a time.

A bad row or file becomes a `ReadError` in the stream and the rest goes on; only what makes the
whole source unusable (missing, empty, a wrong header) raises `DatasetError`. Each module reads one
layout; `recognise` tells which one a source has.
"""

from facelines.preprocessing.datasets.dataset import Account, Dataset, open_dataset
from facelines.preprocessing.datasets.recognise import FORMATS, detect_format

__all__ = ["FORMATS", "Account", "Dataset", "detect_format", "open_dataset"]
