"""What a training's result depends on, besides data and code. No Keras here."""

from dataclasses import dataclass, field, replace
from typing import TypeVar

from facelines.model.training.augmentation import Augmentation

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class Config:
    """Everything that a training's result depends on, besides data and code.

    network: a name in `model.networks.NETWORKS`.
    epochs: 0 trains nothing: the network stays as `start` and `join` make it.
    ferplus: share of the FER+ votes in the targets, 0 to 1; images without votes get none.
    votes_head: weight of a second head that learns the FER+ votes, in training only; 0 is off.
    teacher: share of the answers of `fit`'s teacher in the targets; 0 is without one.
    label_smoothing: spread evenly over the classes.
    mixup: alpha of the beta distribution (Zhang et al. 2018); 0 is off. A teacher of pixels is
        asked about the blends; one that averages views of drawings draws blended points anew.
    class_weights: weigh each class by the inverse of its frequency, to this power.
    ema: decay a step of the averaged weights that are evaluated and kept; 0 is off.
    precision: a Keras dtype policy: "float32" or "mixed_bfloat16" (see `precision.supported`).
    validation_every: epochs from one validation to the next; the last epoch always is.
    patience: stop after so many validations without a better one; 0 trains all epochs.
    start: an artifact by its name or folder, or a model.keras, whose weights of equal name and
        shape are taken.
    frozen: a regular expression for how the names of the layers begin that keep the weights they
        start with; none where empty.
    join: such files with what each weighs, in all 1, in the order in which a network joins their
        features: it begins as their late fusion.
    prior_power: the released network's probabilities are divided by the labels' shares of the
        training faces to this power (logit adjustment, Menon et al. 2021); 0 leaves them.
    eight_bits: release the ONNX file with the convolutions of pixels, but the first, in eight bits.
    """

    network: str
    classes: int = 6
    epochs: int = 30
    batch_size: int = 128
    learning_rate: float = 1e-3
    warm_up_epochs: float = 1.0
    weight_decay: float = 0.02
    ferplus: float = 0.0
    votes_head: float = 0.0
    teacher: float = 0.0
    label_smoothing: float = 0.0
    mixup: float = 0.0
    class_weights: float = 0.0
    ema: float = 0.0
    precision: str = "float32"
    seed: int = 1
    validation_every: int = 1
    patience: int = 0
    start: str = ""
    frozen: str = ""
    join: dict[str, float] = field(default_factory=dict)
    prior_power: float = 0.0
    eight_bits: bool = False
    augmentation: Augmentation = field(default_factory=Augmentation)


def with_overrides(settings: Settings, **values) -> Settings:
    """Return a dataclass with the given fields replaced; None means unchanged."""
    return replace(settings, **{key: value for key, value in values.items() if value is not None})
