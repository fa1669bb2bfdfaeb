"""Every network by name: a function from the label count to a Keras model. Backend-neutral.

All take any of the inputs "image" (48, 48, 1), "points" (51, 2), "vertices" (151, 2) and "pixels"
(48, 48, 1), float32 as from `model.inputs.as_float`, and give probabilities (classes,) in float32.
"""

from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops

from facelines.model.training.published import PUBLISHED
from facelines.preprocessing.mesh import READ, READ_LANDMARKS, READ_MIRROR
from facelines.preprocessing.points import MIRROR, POINTS
from facelines.preprocessing.render import SIZE

IMAGE = (SIZE, SIZE, 1)
_RANK = 96  # of the first layer on distances: half the network, and as good (docs/experiments.md)
_SHAPE_DROPOUT = 0.05  # with 0.12 or 0.25 it reads less (docs/experiments.md)


def landmark_cnn(classes: int) -> keras.Model:
    """The published landmark network: 1,913,926 parameters for 6 classes, on the drawing."""
    image = keras.Input(IMAGE, name="image")
    return keras.Model({"image": image}, _published_cnn(image, classes), name="landmark_cnn")


def pixel_cnn(classes: int) -> keras.Model:
    """`landmark_cnn` on raw pixels: the decisive pair of the comparison differs in input only."""
    pixels = keras.Input(IMAGE, name="pixels")
    return keras.Model({"pixels": pixels}, _published_cnn(pixels, classes), name="pixel_cnn")


def points_mlp(classes: int) -> keras.Model:
    """A plain network on the 51 points and all their distances; it sees no drawing."""
    points = keras.Input((POINTS, 2), name="points")
    outputs = _probabilities(_points_branch(points), classes)
    return keras.Model({"points": points}, outputs, name="points_mlp")


def landmark_points(classes: int) -> keras.Model:
    """One of `landmark`: the points of both sources at sub-pixel precision."""
    inputs = _shape_inputs()
    features = _sources_branch(inputs, "second_")
    return keras.Model(inputs, _probabilities(features, classes), name="landmark_points")


def landmark_wide(classes: int) -> keras.Model:
    """The other one of `landmark`: the same, wider."""
    inputs = _shape_inputs()
    features = _wide_branch(inputs)
    return keras.Model(inputs, _probabilities(features, classes), name="landmark_wide")


def landmark_mesh_look(classes: int) -> keras.Model:
    """`landmark_mesh` for training, with one look at each face."""
    inputs = _shape_inputs(points=False)
    features = _sources_branch(inputs, "mesh_")
    return keras.Model(inputs, _probabilities(features, classes), name="landmark_mesh_look")


def landmark_mesh(classes: int) -> keras.Model:
    """Without dlib: the mesh's vertices, of the face and of its mirror image."""
    inputs = _shape_inputs(points=False)
    features = _sources_branch(_seen_twice(inputs), "mesh_")
    features = MeanOfViews(name="mesh_views")(features)
    return keras.Model(inputs, _probabilities(features, classes), name="landmark_mesh")


def landmark(classes: int) -> keras.Model:
    """Ours on geometry: `landmark_points` and `landmark_wide`, joined at the decision.

    Each sees the face and its mirror image. A drawing beside the points adds nothing
    (docs/experiments.md).
    """
    inputs = _shape_inputs()
    twice = _seen_twice(inputs)
    both = [
        MeanOfViews(name="second_points_views")(_sources_branch(twice, "second_")),
        MeanOfViews(name="wide_points_views")(_wide_branch(twice)),
    ]
    features = layers.Concatenate(name="joined")(both)
    return keras.Model(inputs, _probabilities(features, classes), name="landmark")


def pixel(classes: int) -> keras.Model:
    """Ours on gray pixels: a small residual network with squeeze-and-excite."""
    pixels = keras.Input(IMAGE, name="pixels")
    outputs = _probabilities(_pixel_branch(pixels), classes)
    return keras.Model({"pixels": pixels}, outputs, name="pixel")


def pixel_light(classes: int) -> keras.Model:
    """`pixel` at nine tenths of its time, to leave `fused` time for the geometry."""
    pixels = keras.Input(IMAGE, name="pixels")
    outputs = _probabilities(_light_branch(pixels), classes)
    return keras.Model({"pixels": pixels}, outputs, name="pixel_light")


def pixel_second(classes: int) -> keras.Model:
    """`pixel_light`, narrower again: the other of the two that see the pixels in `fused`."""
    pixels = keras.Input(IMAGE, name="pixels")
    outputs = _probabilities(_second_branch(pixels), classes)
    return keras.Model({"pixels": pixels}, outputs, name="pixel_second")


def pixel_pair(classes: int) -> keras.Model:
    """`pixel` as released: the branches of `pixel_light` and `pixel_second`, joined at the end."""
    pixels = keras.Input(IMAGE, name="pixels")
    features = layers.Concatenate(name="joined")(_pair_of_branches(pixels))
    return keras.Model({"pixels": pixels}, _probabilities(features, classes), name="pixel_pair")


def fused(classes: int) -> keras.Model:
    """Both: the branches of `pixel_light`, `pixel_second` and `landmark_points`, joined at the end.

    Two looks at the points; the drawing adds nothing (docs/experiments.md).
    """
    inputs = _shape_inputs("pixels")
    first, second = _pair_of_branches(inputs["pixels"])
    shape = _sources_branch(_seen_twice(inputs), "second_")
    shape = MeanOfViews(name="second_points_views")(shape)
    features = layers.Concatenate(name="joined")([first, second, shape])
    return keras.Model(inputs, _probabilities(features, classes), name="fused")


NETWORKS: dict[str, Callable[[int], keras.Model]] = {
    build.__name__: build
    for build in (
        landmark_cnn,
        pixel_cnn,
        points_mlp,
        landmark_points,
        landmark_wide,
        landmark,
        landmark_mesh_look,
        landmark_mesh,
        pixel,
        pixel_light,
        pixel_second,
        pixel_pair,
        fused,
        *PUBLISHED,
    )
}


def with_votes_head(model: keras.Model) -> keras.Model:
    """Return a network that also learns how the FER+ raters voted, for training only.

    Its output (2 * classes,) is the network's own probabilities and, from the same features, a
    second head's. Ten careful votes an image teach the features what one noisy label cannot
    (multi-task learning, Caruana 1997; votes, Barsoum et al. 2016). `without_votes_head` drops it.
    """
    head = model.get_layer("probabilities")
    votes = layers.Dense(head.units, activation="softmax", dtype="float32", name="votes")
    outputs = layers.Concatenate(name="both", dtype="float32")([head.output, votes(head.input)])
    return keras.Model(_inputs_by_name(model), outputs, name=model.name)


def without_votes_head(model: keras.Model) -> keras.Model:
    """Return the network as it is released, sharing its weights."""
    outputs = model.get_layer("probabilities").output
    return keras.Model(_inputs_by_name(model), outputs, name=model.name)


def _inputs_by_name(model: keras.Model) -> dict:
    return {tensor.name: tensor for tensor in model.inputs}


def _probabilities(features, classes: int):
    # float32 whatever the policy: a softmax in bfloat16 is too coarse to calibrate.
    return layers.Dense(classes, activation="softmax", dtype="float32", name="probabilities")(
        features
    )


def _published_cnn(x, classes: int):
    # Named, as every layer with weights is: `transfer.take_weights` goes by names.
    for stage, (filters, dropout) in enumerate(((64, 0.2), (64, 0.2), (128, 0.0))):
        x = layers.Conv2D(filters, 3, activation="relu", name=f"conv_{stage}_a")(x)
        x = layers.Conv2D(filters, 3, activation="relu", name=f"conv_{stage}_b")(x)
        x = layers.MaxPooling2D()(x)
        if dropout:
            x = layers.Dropout(dropout)(x)
    x = layers.Flatten()(x)
    for index in range(2):
        x = layers.Dense(1024, activation="relu", name=f"dense_{index}")(x)
        x = layers.Dropout(0.2)(x)
    return _probabilities(x, classes)


@keras.saving.register_keras_serializable("facelines")
class PairDistances(layers.Layer):
    """Points (n, 51, 2) -> (n, 102 + 1275): the coordinates and every pair's distance."""

    def call(self, points):
        first, second = np.triu_indices(POINTS, 1)
        between = ops.take(points, first, axis=1) - ops.take(points, second, axis=1)
        distances = ops.sqrt(ops.sum(ops.square(between), axis=-1) + 1e-6)
        coordinates = ops.reshape(points, (-1, 2 * POINTS))
        return ops.concatenate([coordinates, distances], axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 2 * POINTS + POINTS * (POINTS - 1) // 2)


def _shape_inputs(*pictures: str, points: bool = True) -> dict:
    """Return the inputs of the sources' points, after those of `pictures`, by name."""
    inputs = {name: keras.Input(IMAGE, name=name) for name in pictures}
    if points:
        inputs["points"] = keras.Input((POINTS, 2), name="points")
    inputs["vertices"] = keras.Input((len(READ), 2), name="vertices")
    return inputs


def _seen_twice(inputs: dict) -> dict:
    """Return "points" and "vertices" of the faces and, after them, of their mirror images."""
    return {
        name: TwoViewsOfPoints(dtype="float32", name=f"{name}_two_views")(inputs[name])
        for name in ("points", "vertices")
        if name in inputs
    }


def _wide_branch(inputs: dict):
    return _sources_branch(inputs, "wide_", width=384, rank=128)


def _sources_branch(inputs: dict, prefix: str = "", width: int = 288, rank: int = _RANK):
    """Return features (width,) of "points" and "vertices": coordinates and landmark distances.

    Args:
        inputs: by name; without "points" the mesh is the only source.
        prefix: of the layers' names.
    """
    # float32: a pixel is 1/48 of the square, and bfloat16 resolves only 1/256 of it.
    vertices = inputs["vertices"]
    landmarks = Landmarks(dtype="float32", name=f"{prefix}landmarks")(vertices)
    seen = [
        PairDistances(dtype="float32", name=f"{prefix}landmarks_distances")(landmarks),
        layers.Flatten(dtype="float32", name=f"{prefix}vertices_flat")(vertices),
    ]
    if "points" in inputs:
        first = FirstSource(dtype="float32", name=f"{prefix}first")(inputs["points"], landmarks)
        seen.append(PairDistances(dtype="float32", name=f"{prefix}points_distances")(first))
    x = layers.Concatenate(dtype="float32", name=f"{prefix}sources")(seen)
    return _dense_branch(x, width, rank, dropout=_SHAPE_DROPOUT, prefix=prefix)


@keras.saving.register_keras_serializable("facelines")
class Landmarks(layers.Layer):
    """Vertices (n, 151, 2) -> the mesh's landmarks among them (n, 51, 2)."""

    def call(self, vertices):
        return ops.take(vertices, READ_LANDMARKS, axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], POINTS, 2)


@keras.saving.register_keras_serializable("facelines")
class FirstSource(layers.Layer):
    """Both sources' mean (n, 51, 2) and the mesh's landmarks (n, 51, 2) -> dlib's (n, 51, 2).

    Where both differ a face is hard: distances of the mean alone hide it, and read a point less.
    """

    def call(self, mean, landmarks):
        return 2.0 * mean - landmarks

    def compute_output_shape(self, mean_shape, landmarks_shape):
        return mean_shape


@keras.saving.register_keras_serializable("facelines")
class TwoViewsOfPoints(layers.Layer):
    """Normalised points or vertices (n, k, 2) -> (2n, k, 2): the faces and their mirror images."""

    def call(self, points):
        table = MIRROR if points.shape[1] == POINTS else READ_MIRROR
        mirrored = ops.take(points, table, axis=1) * (-1.0, 1.0) + (1.0, 0.0)
        return ops.concatenate([points, mirrored], axis=0)

    def compute_output_shape(self, input_shape):
        return (None, *input_shape[1:])


@keras.saving.register_keras_serializable("facelines", name="WithMirrorImages")  # in files
class TwoViews(layers.Layer):
    """Two looks (n, H, W, 1) at the same faces -> (2n, H, W, 1): all of one, the other mirrored."""

    def call(self, images, others):
        mirrored = ops.take(others, np.arange(others.shape[2] - 1, -1, -1), axis=2)
        return ops.concatenate([images, mirrored], axis=0)

    def compute_output_shape(self, images_shape, others_shape):
        return (None, *images_shape[1:])


@keras.saving.register_keras_serializable("facelines")
class Closer(layers.Layer):
    """Images (n, s, s, 1) -> (n, s, s, 1): their inner 46/48, enlarged linearly to the old size.

    By a matrix for each side, since tf2onnx may export a resizing that is a pixel too small.
    """

    def call(self, images):
        size = images.shape[1]
        places = (np.arange(size) + 0.5 - size / 2) * 46 / 48 + size / 2 - 0.5
        rows = np.maximum(0, 1 - np.abs(places[:, None] - np.arange(size))).astype(np.float32)
        enlarged = ops.matmul(ops.matmul(rows, images[..., 0]), rows.T)
        return enlarged[..., None]

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("facelines")
class MeanOfViews(layers.Layer):
    """Features (count * n, k) of so many looks at each face -> their mean (n, k)."""

    def __init__(self, count: int = 2, **arguments):
        super().__init__(**arguments)
        self.count = count

    def call(self, features):
        return ops.mean(ops.reshape(features, (self.count, -1, features.shape[-1])), axis=0)

    def get_config(self):
        return {**super().get_config(), "count": self.count}

    def compute_output_shape(self, input_shape):
        return (None, input_shape[-1])


def _points_branch(points):
    distances = PairDistances(dtype="float32", name="points_distances")(points)
    return _dense_branch(distances)


def _dense_branch(x, width: int = 448, rank: int = 0, dropout: float = 0.25, prefix: str = ""):
    x = layers.BatchNormalization(dtype="float32", name=f"{prefix}points_norm")(x)
    x = layers.Dropout(0.4 * dropout, name=f"{prefix}points_drop")(x)
    if rank:
        x = layers.Dense(rank, use_bias=False, name=f"{prefix}points_rank")(x)
    for index in range(3):
        x = layers.Dense(width, use_bias=False, name=f"{prefix}points_dense_{index}")(x)
        x = layers.BatchNormalization(name=f"{prefix}points_norm_{index}")(x)
        x = layers.Activation("silu", name=f"{prefix}points_silu_{index}")(x)
        x = layers.Dropout(dropout, name=f"{prefix}points_drop_{index}")(x)
    return x


def _convolution(x, filters: int, name: str, stride: int = 1, size: int = 3):
    x = layers.Conv2D(
        filters,
        size,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(name=f"{name}_norm")(x)


def _relu(x, name: str):
    return layers.Activation("relu", name=f"{name}_relu")(x)


def _pixel_branch(
    pixels, within: int = 144, gated: tuple[int, ...] = (0, 1, 2, 3, 4), prefix: str = ""
):
    """Return (144,) features: 48 px -> 24 (32 channels) -> 12 (64) -> 6 (144) -> mean.

    Args:
        within: channels between the convolutions of the last two blocks.
        gated: the blocks with a gate.
        prefix: of the layers' names.
    """
    x = pixels
    for name, filters, stride in (("stem_0", 24, 1), ("stem_1", 32, 2)):
        x = _relu(_convolution(x, filters, prefix + name, stride), prefix + name)
    for index, (filters, stride, inner) in enumerate(
        ((32, 1, 32), (64, 2, 64), (64, 1, 64), (144, 2, within), (144, 1, within))
    ):
        x = _residual_block(x, filters, stride, inner, f"{prefix}block_{index}", index in gated)
    x = layers.GlobalAveragePooling2D(name=f"{prefix}mean")(x)
    return layers.Dropout(0.3, name=f"{prefix}drop")(x)


def _light_branch(pixels):
    # What to leave out for the most time at the least loss was measured (docs/experiments.md).
    return _pixel_branch(pixels, within=128, gated=(4,))


def _second_branch(pixels):
    # As wide as two million parameters leave room for beside the other two branches.
    return _pixel_branch(pixels, within=112, gated=(4,), prefix="second_")


def _pair_of_branches(pixels) -> list:
    """Return the features of `pixel_light` and `pixel_second`, each from two looks.

    No two of the four looks are alike: the picture and a little closer, each also mirrored.
    """
    closer = Closer(name="closer")(pixels)
    first = _light_branch(TwoViews(name="looks")(pixels, closer))
    second = _second_branch(TwoViews(name="second_looks")(closer, pixels))
    return [MeanOfViews(name="views")(first), MeanOfViews(name="second_views")(second)]


def _residual_block(x, filters: int, stride: int, inner: int, name: str, gated: bool):
    """Two convolutions beside a shortcut (He et al. 2016); a gate by channel (Hu et al. 2018)."""
    shortcut = x
    y = _relu(_convolution(x, inner, f"{name}_a", stride), f"{name}_a")
    y = _convolution(y, filters, f"{name}_b")
    if gated:
        y = _squeeze_excite(y, f"{name}_gate")
    if stride > 1:
        shortcut = layers.AveragePooling2D(stride, padding="same", name=f"{name}_pool")(x)
        shortcut = _convolution(shortcut, filters, f"{name}_short", size=1)
    return _relu(layers.Add(name=f"{name}_add")([shortcut, y]), f"{name}_out")


def _squeeze_excite(x, name: str):
    channels = x.shape[-1]
    gate = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_mean")(x)
    gate = layers.Conv2D(channels // 8, 1, activation="relu", name=f"{name}_squeeze")(gate)
    gate = layers.Conv2D(channels, 1, activation="sigmoid", name=f"{name}_excite")(gate)
    return layers.Multiply(name=name)([x, gate])
