"""Label sets, and every data set's own names and codes, in one place.

Three label orders are in public use (FER2013's, alphabetical, FER+'s). Everything past
this module names emotions by string; an order exists only inside a label set.
"""

import re
import unicodedata
from collections.abc import Iterable

import numpy as np

LABEL_SETS = {
    6: ("angry", "fear", "happy", "neutral", "sad", "surprise"),
    7: ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"),
    3: ("happy", "neutral", "sad"),
}

# The integer codes of fer2013.csv and icml_face_data.csv.
FER2013_CODES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

# The vote columns of fer2013new.csv (FER+), in our spelling.
FERPLUS_COLUMNS = (
    "neutral",
    "happy",
    "surprise",
    "sad",
    "angry",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "not a face",
)

# RAF-DB's codes start at 1.
RAFDB_CODES = ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")

# As people name folders, in English and other languages, without accents and case.
_SPELLINGS = {
    "angry": "anger angry mad wut wutend zorn arger argerlich colere enerve fache ira enojo enfado "
    "enojado enfadado rabbia arrabbiato raiva irritado zangado boos woede vrede "
    "zlosc zly gniew kizgin ofke гнев злость злой 怒り 怒 愤怒 憤怒 生气 분노 화남",
    "disgust": "disgust disgusted ekel angeekelt degout degoute asco asqueado disgusto disgustato "
    "nojo desgosto walging avsky avsmak wstret tiksinti igrenme отвращение 嫌悪 厌恶 "
    "厭惡 恶心 혐오 역겨움",
    "fear": "fear fearful afraid scared fright angst angstlich furcht peur apeure miedo temeroso "
    "paura impaurito medo radsla redsel strach korku страх испуг 恐怖 恐れ 恐惧 恐懼 "
    "害怕 공포 두려움",
    "happy": "happy happiness hapiness joy joyful joyous freude glucklich frohlich froh joie "
    "heureux feliz felicidad alegria alegre contento felicita felice gioia "
    "felicidade blij vreugde glad gladje lycklig radosc szczesliwy mutlu mutluluk радость "
    "счастье счастливый 喜び 幸せ 高兴 高興 开心 快乐 기쁨 행복",
    "sad": "sad sadness trauer traurig traurigkeit tristesse triste tristeza tristezza verdriet "
    "verdrietig droevig ledsen sorg smutek smutny uzgun uzuntu грусть печаль грустный "
    "悲しみ 悲しい 悲伤 悲傷 难过 슬픔",
    "surprise": "surprise surprised suprise suprised surprize astonished uberrascht uberraschung "
    "surpris etonne etonnement sorpresa sorprendido sorpreso surpreso surpresa verrast "
    "verrassing overraskad forvaning zaskoczenie zdziwienie saskin saskinlik удивление "
    "удивлённый 驚き 惊讶 驚訝 吃惊 놀람",
    "neutral": "neutral neutrality neutre neutro neutrale neutraal neutralny notr нейтральный "
    "нейтральное 無表情 中立 中性 중립 무표정",
    "contempt": "contempt contemptuous verachtung mepris desprecio disprezzo desprezo minachting "
    "forakt pogarda kucumseme презрение 軽蔑 轻蔑 蔑視 경멸",
}
_NUMBERED = re.compile(r"^\d+[\s._-]+|[\s._-]+\d+$")


def canonical(name: str) -> str | None:
    """Return our spelling of an emotion's name (`Anger`, `0_angry`, `Wut` -> `angry`), or None."""
    folded = _folded(name)
    return _EMOTION_OF.get(folded) or _EMOTION_OF.get(_NUMBERED.sub("", folded))


def _folded(name: str) -> str:
    """Return a name without case and accents."""
    decomposed = unicodedata.normalize("NFKD", name.strip().casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


_EMOTION_OF = {
    _folded(name): label for label, names in _SPELLINGS.items() for name in names.split()
}


def label_set(classes: int) -> tuple[str, ...]:
    """Return the label set of 3, 6 or 7 classes, in its fixed alphabetical order.

    Raises:
        ValueError: there is no such set.
    """
    if classes not in LABEL_SETS:
        raise ValueError(f"No label set of {classes} classes; expected one of 3, 6, 7.")
    return LABEL_SETS[classes]


def label_indices(names: Iterable[str], labels: tuple[str, ...]) -> np.ndarray:
    """Return the places of labels' names within a label set, int (n,).

    Raises:
        ValueError: a name outside the set.
    """
    names = list(names)
    if unknown := set(names) - set(labels):
        raise ValueError(f"Labels {sorted(unknown)} are not among {labels}.")
    return np.array([labels.index(name) for name in names], dtype=np.intp)


def ferplus_majority(votes, labels) -> str | None:
    """Return the FER+ majority label, or None where it is not one of `labels`.

    Args:
        votes: ten counts in the order of FERPLUS_COLUMNS.
        labels: the label set; other columns (contempt, unknown, not a face) win nothing,
            they only make the image one without a label.

    The majority rule is that of Barsoum et al. 2016: the most votes win, and an image whose
    winner is unknown, not a face or tied has no label.
    """
    best = max(votes)
    winners = [name for name, count in zip(FERPLUS_COLUMNS, votes, strict=True) if count == best]
    if best == 0 or len(winners) != 1 or winners[0] not in labels:
        return None
    return winners[0]
