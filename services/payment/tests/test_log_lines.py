"""What the log lines say can be read: the chassis withholds every field it was not told of."""

import payment
from chassis.testing.log_lines import own_fields
from payment.__main__ import LOG_FIELDS


def test_every_field_may_be_said_and_every_one_that_may_be_is():
    assert own_fields(payment) == set(LOG_FIELDS)
