"""Networks that others published, from their descriptions. Registered in `networks.NETWORKS`.

Each is a function from the label count to a Keras model whose one input, "image" or "pixels", is
float32 (48, 48, 1) in [0, 1]. Where a project states no layers, the docstring says so.
"""

import keras
import numpy as np
from keras import layers, ops

from facelines.preprocessing.render import SIZE

_PICTURE = (SIZE, SIZE, 1)
_VGG16, _VGG19 = (2, 2, 3, 3, 3), (2, 2, 4, 4, 4)  # convolutions in each of the five stages


def conv_pair(classes: int) -> keras.Model:
    """Conv32, Conv64, pool, dropout .25, Dense128, dropout .5."""
    pixels = keras.Input(_PICTURE, name="pixels")
    x = _conv(pixels, 32, "conv_0")
    x = layers.MaxPooling2D()(_conv(x, 64, "conv_1"))
    x = layers.Flatten()(layers.Dropout(0.25)(x))
    x = layers.Dropout(0.5)(layers.Dense(128, activation="relu", name="dense")(x))
    return _model(pixels, x, classes, "conv_pair")


def two_sets_cnn(classes: int) -> keras.Model:
    """The CNN shown on CK+ and on FER2013; its layers are not stated, these are usual ones."""
    pixels = keras.Input(_PICTURE, name="pixels")
    x = _stages(pixels, ((32, 32), (64, 64), (128, 128)), dropout=0.25)
    x = layers.Dense(256, activation="relu", name="dense")(layers.Flatten()(x))
    return _model(pixels, layers.Dropout(0.5)(x), classes, "two_sets_cnn")


def baseline(classes: int) -> keras.Model:
    """A small baseline whose layers are not stated: two convolutions, Dense64, no dropout."""
    pixels = keras.Input(_PICTURE, name="pixels")
    return _model(pixels, _baseline_features(pixels), classes, "baseline")


def baseline_augmented(classes: int) -> keras.Model:
    """`baseline` that learns from pictures brightened, turned by 10 degrees and sheared."""
    pixels = keras.Input(_PICTURE, name="pixels")
    changed = Distort(dtype="float32", name="distort")(pixels)
    return _model(pixels, _baseline_features(changed), classes, "baseline_augmented")


def baseline_deeper(classes: int) -> keras.Model:
    """The baseline's deeper version, on the same changed pictures; its layers are not stated."""
    pixels = keras.Input(_PICTURE, name="pixels")
    changed = Distort(dtype="float32", name="distort")(pixels)
    x = _stages(changed, ((32,), (64, 64), (128, 128)), dropout=0.25)
    x = layers.Dense(256, activation="relu", name="dense")(layers.Flatten()(x))
    return _model(pixels, layers.Dropout(0.5)(x), classes, "baseline_deeper")


def four_conv(classes: int) -> keras.Model:
    """Conv32, 64, 128, 128 with dropouts .25, .25 and .5 and Dense1024."""
    pixels = keras.Input(_PICTURE, name="pixels")
    x = _conv(_conv(pixels, 32, "conv_0"), 64, "conv_1")
    x = layers.Dropout(0.25)(layers.MaxPooling2D()(x))
    x = layers.MaxPooling2D()(_conv(x, 128, "conv_2"))
    x = layers.Dropout(0.25)(layers.MaxPooling2D()(_conv(x, 128, "conv_3")))
    x = layers.Dense(1024, activation="relu", name="dense")(layers.Flatten()(x))
    return _model(pixels, layers.Dropout(0.5)(x), classes, "four_conv")


def vgg16_drawing(classes: int) -> keras.Model:
    """VGG16 (Simonyan and Zisserman 2015) on landmark drawings, mended as `vgg19` is."""
    image = keras.Input(_PICTURE, name="image")
    return _model(image, _vgg(image, _VGG16, mended=True), classes, "vgg16_drawing")


def vgg19_plain(classes: int) -> keras.Model:
    """VGG19 as published for 224 px, fed [0, 1] at 48 px: the one that collapsed."""
    pixels = keras.Input(_PICTURE, name="pixels")
    return _model(pixels, _vgg(pixels, _VGG19, mended=False), classes, "vgg19_plain")


def vgg19(classes: int) -> keras.Model:
    """VGG19 mended: the input range its weights expect, batch normalisation, He's start."""
    pixels = keras.Input(_PICTURE, name="pixels")
    return _model(pixels, _vgg(pixels, _VGG19, mended=True), classes, "vgg19")


def densenet121(classes: int) -> keras.Model:
    """DenseNet121 (Huang et al. 2017) on pixels, with the input range its weights expect."""
    pixels = keras.Input(_PICTURE, name="pixels")
    x = layers.Rescaling(1 / 0.226, offset=-0.449 / 0.226)(pixels)
    backbone = keras.applications.DenseNet121(
        include_top=False, weights=None, input_tensor=_three_channels(x), pooling="avg"
    )
    return _model(pixels, layers.Dropout(0.3)(backbone.output), classes, "densenet121")


def picture_32(classes: int) -> keras.Model:
    """A small network on 32x32 pictures, for the drawing's ablation."""
    return _picture(32, classes)


def picture_48(classes: int) -> keras.Model:
    """The same on 48x48 pictures."""
    return _picture(48, classes)


def picture_64(classes: int) -> keras.Model:
    """The same on 64x64 pictures."""
    return _picture(64, classes)


PUBLISHED = (
    conv_pair,
    two_sets_cnn,
    baseline,
    baseline_augmented,
    baseline_deeper,
    four_conv,
    vgg16_drawing,
    vgg19_plain,
    vgg19,
    densenet121,
    picture_32,
    picture_48,
    picture_64,
)


@keras.saving.register_keras_serializable("facelines")
class Distort(layers.Layer):
    """Turn, shear and brighten pictures (n, H, W, 1) at random, in training only.

    A layer, and not part of `augment`, because it is what sets one published network apart from
    another. It draws from `seed_generator`, as dropout does, so a resumed training repeats it.
    """

    _LIMITS = (np.radians(10), 0.2, 0.2)  # of angle, shear and brightness, uniform

    def __init__(self, **options):
        super().__init__(**options)
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, pictures, training=False):
        if not training:
            return pictures
        count, side = ops.shape(pictures)[0], pictures.shape[1]
        angle, shear, brightness = (
            keras.random.uniform((count,), -limit, limit, seed=self.seed_generator)
            for limit in self._LIMITS
        )
        x = ops.cos(angle), shear - ops.sin(angle)
        y = ops.sin(angle), ops.cos(angle)
        middle, nothing = (side - 1) / 2, ops.zeros_like(angle)
        transform = ops.stack(
            [*x, middle * (1 - sum(x)), *y, middle * (1 - sum(y)), nothing, nothing], axis=1
        )
        moved = ops.image.affine_transform(pictures, transform, fill_mode="nearest")
        return ops.clip(moved + brightness[:, None, None, None], 0, 1)

    def compute_output_shape(self, input_shape):
        return input_shape


def _model(picture, features, classes: int, name: str) -> keras.Model:
    # float32 whatever the policy: a softmax in bfloat16 is too coarse to calibrate.
    head = layers.Dense(classes, activation="softmax", dtype="float32", name="probabilities")
    return keras.Model({picture.name: picture}, head(features), name=name)


def _conv(x, filters: int, name: str):
    return layers.Conv2D(filters, 3, activation="relu", name=name)(x)


def _stages(x, stages, dropout: float):
    """Convolutions, then a pool and a dropout, for each stage's tuple of filter counts."""
    for stage, widths in enumerate(stages):
        for index, filters in enumerate(widths):
            x = layers.Conv2D(
                filters, 3, padding="same", activation="relu", name=f"conv_{stage}_{index}"
            )(x)
        x = layers.Dropout(dropout)(layers.MaxPooling2D()(x))
    return x


def _baseline_features(x):
    x = layers.MaxPooling2D()(_conv(x, 16, "conv_0"))
    x = layers.MaxPooling2D()(_conv(x, 32, "conv_1"))
    return layers.Dense(64, activation="relu", name="dense")(layers.Flatten()(x))


def _three_channels(x):
    return layers.Concatenate(name="three_channels")([x, x, x])


def _vgg(x, stages: tuple[int, ...], *, mended: bool):
    """VGG's convolutions under Keras's own names, so that its ImageNet weights can be taken."""
    if mended:
        x = layers.Rescaling(255.0, offset=-115.0)(x)  # ImageNet's mean taken off, as VGG expects
    x = _three_channels(x)
    for stage, count in enumerate(stages, start=1):
        for index in range(1, count + 1):
            x = layers.Conv2D(
                min(32 << stage, 512),
                3,
                padding="same",
                name=f"block{stage}_conv{index}",
                kernel_initializer="he_normal" if mended else "glorot_uniform",
            )(x)
            if mended:
                x = layers.BatchNormalization(name=f"block{stage}_norm{index}")(x)
            x = layers.Activation("relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten(name="features")(x)
    x = layers.Dense(256, activation="relu", name="dense")(x)
    return layers.Dropout(0.5)(x)


def _picture(side: int, classes: int) -> keras.Model:
    pixels = keras.Input((side, side, 1), name="pixels")
    x = pixels
    for index, filters in enumerate((16, 32, 64, 96)):
        x = layers.Conv2D(filters, 3, 2, padding="same", use_bias=False, name=f"conv_{index}")(x)
        # A short memory: an ablation's training may be a few hundred steps long.
        x = layers.BatchNormalization(momentum=0.9, name=f"norm_{index}")(x)
        x = layers.Activation("relu")(x)
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    return _model(pixels, x, classes, f"picture_{side}")
