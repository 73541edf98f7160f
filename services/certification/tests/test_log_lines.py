"""What the log lines say can be read: the chassis withholds every field it was not told of."""

import certification
from certification.__main__ import LOG_FIELDS
from chassis.testing.log_lines import own_fields


def test_every_field_may_be_said_and_every_one_that_may_be_is():
    assert own_fields(certification) == set(LOG_FIELDS)
