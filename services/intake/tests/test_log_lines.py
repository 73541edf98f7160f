"""What the log lines say can be read: the chassis withholds every field it was not told of."""

import intake
from chassis.testing.log_lines import own_fields


def test_no_field_is_said_that_would_be_withheld() -> None:
    assert own_fields(intake) == set()
