import cv2
import numpy as np
import pytest

from facelines.preprocessing.points import Frame, upright_crop


@pytest.mark.parametrize("crop, box", [(300, 165), (256, 171)])
@pytest.mark.parametrize(
    "frame",
    [
        Frame(24, 25, 38, 0.1),  # over every border, as in FER2013
        Frame(120, 90, 40, -0.4),  # within the picture
        Frame(5, 170, 60, 2.0),  # in a corner
        Frame(-500, 20, 40, 0.0),  # nowhere near
    ],
)
def test_a_crop_over_the_border_is_what_opencv_makes_of_it(astronaut, frame, crop, box):
    """To the bit: digests of prepared sets hang on it."""
    gray = astronaut[40:220, 140:320]
    expected = cv2.warpAffine(
        gray,
        frame.to_picture(crop, box),
        (crop, crop),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    assert np.array_equal(upright_crop(gray, frame, crop, box), expected)
