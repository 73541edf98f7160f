"""VNPAY's clock: yyyyMMddHHmmss in GMT+7."""

from datetime import UTC, datetime, timedelta, timezone

GMT7 = timezone(timedelta(hours=7))


def now() -> datetime:
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    return moment.astimezone(GMT7).strftime("%Y%m%d%H%M%S")


def read_stamp(text: str) -> datetime:
    """Raises ValueError for anything but fourteen digits that name a moment."""
    if len(text) != 14 or not text.isascii() or not text.isdigit():
        raise ValueError(f"{text!r} is not yyyyMMddHHmmss")
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=GMT7)
