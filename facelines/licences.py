"""What the licences and the law say, in one sentence for every place that shows it."""

LICENCES = (
    "Code: MIT. Weights and the embedded landmark set: research use only (FER2013). Landmark "
    "file: trained on iBUG 300-W, commercial use excluded. BlazeFace, face mesh: Apache-2.0. It "
    "guesses a label from a face's shape and does not read feelings; not for work, school or "
    "decisions."
)
