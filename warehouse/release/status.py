"""What became of a cell."""

import numpy as np
from numpy.typing import NDArray

PUBLISHED, PRIMARY, SECONDARY, UNPUBLISHED = 0, 1, 2, 3

Statuses = NDArray[np.int8]
