"""What a decoder does that it should not costs one process, and one upload."""

import io
import multiprocessing

import numpy as np
import pytest
from PIL import Image
from webapp_fakes import frame, jpeg

from facelines.preprocessing.images import ImageError, decode_gray
from facelines.webapp.decoding import Decoders, Overrun

PICTURE = jpeg(frame(1))
PATIENCE = 60.0


@pytest.fixture
def decoders():
    decoders = Decoders()
    yield decoders
    decoders.close()


def decoded(decoders):
    return decoders.gray(PICTURE, 10**6, PATIENCE)


def test_a_picture_is_the_same_as_in_this_process(decoders):
    assert np.array_equal(decoded(decoders), decode_gray(PICTURE))


def test_an_honest_error_keeps_the_process(decoders):
    decoders.start(1)
    before = multiprocessing.active_children()
    with pytest.raises(ImageError, match="not a picture; expected one of JPEG, PNG, WEBP"):
        decoders.gray(b"no picture", 10**6, PATIENCE)
    with pytest.raises(ImageError, match="640x480 pixels are more than the 1000 allowed"):
        decoders.gray(PICTURE, 1000, PATIENCE)
    assert multiprocessing.active_children() == before


def test_one_that_takes_too_long_is_ended_and_the_next_is_decoded(decoders):
    with pytest.raises(Overrun, match="longer than 0 s"):
        decoders.gray(PICTURE, 10**6, 0.0)
    assert decoded(decoders).shape == (480, 640)


def test_a_process_that_dies_refuses_one_upload(decoders):
    decoders.start(1)
    (process,) = multiprocessing.active_children()
    process.kill()
    process.join()
    with pytest.raises(Overrun):
        decoded(decoders)
    assert decoded(decoders).shape == (480, 640)


def test_one_that_needs_too_much_memory_is_refused(decoders):
    encoded = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(encoded, "PNG")  # 3.6 GB with its copies, 110 KB here
    with pytest.raises(ImageError, match="memory"):
        decoders.gray(encoded.getvalue(), 10**9, PATIENCE)


def test_closing_ends_every_process(decoders):
    decoders.start(2)
    processes = multiprocessing.active_children()
    decoders.close()
    for process in processes:
        process.join(PATIENCE)
        assert not process.is_alive()
