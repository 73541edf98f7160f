"""The two signatures of a copy: their fields, and how large they are, in points."""

SEAL_DIAMETER = 36 * 72 / 25.4
"""36 mm, the real size of an agency's seal (TT 21/2012/TT-BCA)."""
SEAL_TEXT_WIDTH = 126.0
SEAL_SIZE = (SEAL_TEXT_WIDTH + 4 + SEAL_DIAMETER, SEAL_DIAMETER)
"""Of the field: the text, then the seal on its right."""
PERSON_SIZE = (150.0, 64.0)

PERSON_FIELD, SEAL_FIELD = "person", "seal"
"""Names of the two signature fields, in the order of signing."""
