"""Who is compared: each network with its training budget and what its authors published."""

from dataclasses import dataclass, replace
from pathlib import Path

from facelines.benchmark.schema import BOTH, CKPLUS, FER2013, PIXELS, SHAPE
from facelines.model.training.augmentation import UNCHANGED, Augmentation
from facelines.model.training.config import Config
from facelines.model.training.recipe import read_recipe

CONFIGS = Path(__file__).parent.parent / "configs"

_MIRROR_ONLY = replace(UNCHANGED, mirror=0.5)
# The decisive pair: one recipe, and drawings and pixels are moved by the same amounts.
_PAIR = Augmentation(
    rotation=3,
    scale=0.04,
    shift=0.01,
    jitter=0.004,
    pixel_rotation=3,
    pixel_scale=0.04,
    pixel_shift=1,
    contrast=0,
    brightness=0,
    erase=0,
)
_BUDGET = Config(
    "", batch_size=128, weight_decay=0.0, precision="mixed_bfloat16", augmentation=UNCHANGED
)
_PAIR_BUDGET = Config(
    "",
    epochs=12,
    batch_size=96,
    weight_decay=0.02,
    label_smoothing=0.05,
    ema=0.998,
    precision="mixed_bfloat16",
    augmentation=_PAIR,
)


@dataclass(frozen=True)
class Claim:
    """A published accuracy.

    low, high: as shares; equal where one figure is stated.
    classes: size of its label set. epochs: trained, None where not stated.
    kind: what it was measured on, in words.
    """

    low: float
    high: float
    classes: int
    data: str = FER2013
    epochs: int | None = None
    kind: str = "validation"


@dataclass(frozen=True)
class Contender:
    """One network of the comparison.

    network: its name in `networks.NETWORKS`. sees: what it sees: shape, pixels or both.
    title: its architecture in words. config: its training to a stated budget.
    claims: what was published. ours: loaded from its released weights where there are any.
    backbone: its `keras.applications` name, if ImageNet weights are to be tried.
    seeds: at most so many; a costly network gets one.
    """

    network: str
    sees: str
    title: str
    config: Config
    claims: tuple[Claim, ...] = ()
    ours: bool = False
    backbone: str = ""
    seeds: int = 3


def _ours(network: str, sees: str, title: str, recipe: str = "") -> Contender:
    """Return one of ours, trained with its own config or with that of the network `recipe`."""
    config = replace(_config_of(recipe or network), network=network)
    return Contender(network, sees, title, config, ours=True)


def _config_of(network: str) -> Config:
    """Return configs/<network>.py, trained from its own beginning: a start may not be there.

    What the benchmark trains stays in float32; in eight bits are only released weights.
    """
    config = read_recipe(CONFIGS / f"{network}.py").config
    return replace(config, start="", join={}, eight_bits=False)


def _published(network: str, title: str, *claims: Claim, **options) -> Contender:
    changed = {key: options.pop(key) for key in tuple(options) if key in Config.__annotations__}
    sees = options.pop("sees", PIXELS)
    return Contender(
        network, sees, title, replace(_BUDGET, network=network, **changed), claims, **options
    )


_PAIRED = (
    Contender(
        "landmark_cnn",
        SHAPE,
        "Published landmark CNN on 48x48 drawings",
        replace(_PAIR_BUDGET, network="landmark_cnn"),
        (Claim(0.55, 0.55, 6, epochs=50, kind="test"),),
    ),
    Contender(
        "pixel_cnn",
        PIXELS,
        "The same CNN on raw pixels (only the input differs)",
        replace(_PAIR_BUDGET, network="pixel_cnn"),
    ),
)
_VGG16 = _published(
    "vgg16_drawing",
    "VGG16 transfer on landmark drawings",
    sees=SHAPE,
    epochs=1,
    warm_up_epochs=0.1,
    learning_rate=5e-4,
    augmentation=_PAIR,
    backbone="VGG16",
    seeds=1,
)
_PUBLISHED = (
    _published(
        "conv_pair",
        "Conv32-Conv64-pool-Dense128 with dropouts .25 and .5",
        Claim(0.54, 0.54, 7, epochs=30),
        Claim(0.80, 0.80, 3, kind='"over 80 %"'),
        epochs=12,
    ),
    _published(
        "two_sets_cnn",
        "CNN shown on CK+ and on FER2013 (layers not stated)",
        Claim(0.55, 0.58, 7),
        Claim(0.831, 0.831, 7, CKPLUS),
        epochs=12,
        augmentation=_MIRROR_ONLY,
    ),
    _published("baseline", "Baseline (layers not stated)", Claim(0.455, 0.455, 7), epochs=12),
    _published(
        "baseline_augmented",
        "Baseline, brightness, 10-degree rotation and shear",
        Claim(0.475, 0.475, 7),
        epochs=20,
    ),
    _published(
        "baseline_deeper",
        "Its deeper version, same changes",
        Claim(0.569, 0.569, 7),
        epochs=18,
        augmentation=_MIRROR_ONLY,
    ),
    _published(
        "vgg19_plain",
        "VGG19 transfer as published (it collapsed)",
        Claim(0.247, 0.247, 7),
        epochs=1,
        backbone="VGG19",
        seeds=1,
    ),
    _published(
        "vgg19",
        "VGG19 transfer, mended",
        epochs=1,
        warm_up_epochs=0.1,
        learning_rate=5e-4,
        augmentation=_PAIR,
        backbone="VGG19",
        seeds=1,
    ),
    _published(
        "densenet121",
        "DenseNet121 transfer",
        Claim(0.653, 0.653, 7, kind="best validation epoch"),
        epochs=10,
        weight_decay=0.02,
        augmentation=_PAIR,
        backbone="DenseNet121",
        seeds=1,
    ),
    _published(
        "four_conv",
        "Conv32-64-128-128, dropouts .25 .25 .5, Dense1024",
        Claim(0.632, 0.632, 7, epochs=50, kind="test"),
        epochs=15,
        augmentation=_MIRROR_ONLY,
    ),
)


def contenders() -> tuple[Contender, ...]:
    """Return every contender, those that see the shape first.

    Raises:
        SourceError: a file of `configs/` is missing.
    """
    return (
        *_PAIRED,
        Contender(
            "points_mlp",
            SHAPE,
            "MLP on the 51 points and their distances, no drawing",
            replace(_config_of("landmark_points"), network="points_mlp"),
        ),
        _VGG16,
        # What joins trained networks trains nothing: the recipe of one of them stands in.
        _ours("landmark", SHAPE, "Ours: points of two sources", recipe="landmark_points"),
        *_PUBLISHED,
        _ours("pixel", PIXELS, "Ours: small residual network"),
        _ours("fused", BOTH, "Ours: pixels and points", recipe="pixel"),
    )
