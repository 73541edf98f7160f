import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from notification.domain import Answer, Happening, Reason
from notification.gateways.smtp import SmtpGateway
from notification.ports import Mail, ProviderAway
from notification.settings import SmtpSettings

from .mail_sink import MailSink

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
ACCEPTED = Answer(Happening.ACCEPT, reply_code=250)
MAIL = Mail(
    message_id="<0199c0de@motcua.example>",
    address="dao@example.vn",
    name="Nguyễn Thị Đào",
    subject="[H42.10-260302-0001] Hồ sơ đã được ghi nhận, đề nghị theo dõi / Dossier registered",
    body="Kính gửi Ông/Bà Nguyễn Thị Đào,\n.\nFrom đây là một dòng dài: " + "đ" * 300 + "\n",
)


def gateway(port: int, *, timeout_seconds: float = 5) -> SmtpGateway:
    settings = SmtpSettings(host="127.0.0.1", port=port, timeout_seconds=timeout_seconds)
    return SmtpGateway(settings, sender="Một cửa <mot-cua@motcua.example>", clock=lambda: NOW)


async def nothing_to_record() -> None:
    """A hand-over that always may go on."""


async def deliver(sink: MailSink, mail: Mail = MAIL) -> Answer:
    async with gateway(sink.smtp_port).session() as session:
        return await session.deliver(mail, hand_over=nothing_to_record)


class HandOvers:
    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> None:
        self.count += 1


async def test_the_mail_arrives_as_it_was_written(mail_sink: MailSink) -> None:
    assert await deliver(mail_sink) == ACCEPTED
    [mail] = mail_sink.mails()
    assert mail["to"] == ["dao@example.vn"]
    assert mail["from"] == "mot-cua@motcua.example"
    assert mail["subject"] == MAIL.subject
    assert mail["text"].replace("\r\n", "\n") == MAIL.body
    assert mail["headers"]["Message-ID"] == MAIL.message_id
    assert mail["headers"]["From"] == "Một cửa <mot-cua@motcua.example>"
    assert mail["headers"]["To"] == "Nguyễn Thị Đào <dao@example.vn>"
    assert mail["headers"]["Date"] == "Mon, 02 Mar 2026 01:30:00 +0000"
    assert mail["headers"]["Auto-Submitted"] == "auto-generated"


async def test_one_connection_takes_one_mail_after_another(mail_sink: MailSink) -> None:
    mail_sink.misbehave("reject", target="nobody@example.vn")
    nobody = Mail("<1@motcua.example>", "nobody@example.vn", "Không ai", "s", "b\n")
    async with gateway(mail_sink.smtp_port).session() as session:
        refused = await session.deliver(nobody, hand_over=nothing_to_record)
        accepted = await session.deliver(MAIL, hand_over=nothing_to_record)
    assert refused == Answer(Happening.REJECT, Reason.RECIPIENT_REFUSED, 550)
    assert accepted == ACCEPTED
    assert len(mail_sink.mails()) == 1


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("reject", Answer(Happening.REJECT, Reason.RECIPIENT_REFUSED, 550)),
        ("reject-content", Answer(Happening.REJECT, Reason.CONTENT_REFUSED, 554)),
        ("status-451", Answer(Happening.DEFER, Reason.CONTENT_REFUSED, 451)),
        ("status-421", Answer(Happening.DEFER, Reason.SENDER_REFUSED, 421)),
        ("drop-before", Answer(Happening.LOSE, Reason.ANSWER_LOST)),
    ],
)
async def test_what_the_server_says_is_the_answer(
    mail_sink: MailSink, fault: str, answer: Answer
) -> None:
    mail_sink.misbehave(fault)
    assert await deliver(mail_sink) == answer
    assert mail_sink.mails() == []


async def test_an_accepted_mail_whose_answer_is_lost_is_an_unknown_outcome(
    mail_sink: MailSink,
) -> None:
    mail_sink.misbehave("drop")
    assert await deliver(mail_sink) == Answer(Happening.LOSE, Reason.ANSWER_LOST)
    assert len(mail_sink.mails()) == 1


async def test_silence_after_the_content_left_is_an_unknown_outcome(mail_sink: MailSink) -> None:
    mail_sink.misbehave("delay", seconds=2)
    async with gateway(mail_sink.smtp_port, timeout_seconds=0.5).session() as session:
        answer = await session.deliver(MAIL, hand_over=nothing_to_record)
        assert answer == Answer(Happening.LOSE, Reason.TIMED_OUT)
        assert not session.usable


async def test_nothing_is_handed_over_before_the_envelope_was_taken(mail_sink: MailSink) -> None:
    mail_sink.misbehave("reject")
    hand_overs = HandOvers()
    async with gateway(mail_sink.smtp_port).session() as session:
        await session.deliver(MAIL, hand_over=hand_overs)
        assert hand_overs.count == 0
        await session.deliver(MAIL, hand_over=hand_overs)
    assert hand_overs.count == 1


async def test_when_the_hand_over_is_refused_nothing_leaves(mail_sink: MailSink) -> None:
    async def refuse() -> None:
        raise LookupError

    async with gateway(mail_sink.smtp_port).session() as session:
        with pytest.raises(LookupError):
            await session.deliver(MAIL, hand_over=refuse)
        assert await session.deliver(MAIL, hand_over=nothing_to_record) == ACCEPTED
    assert len(mail_sink.mails()) == 1


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "dao",
        "dao@",
        "dao@a@b.vn",
        "dao b@b.vn",
        "đào@b.vn",
        "dao@đào.vn",
        "d@b.vn\r\nBcc: x@y.vn",
    ],
)
async def test_a_bad_address_fails_before_anything_leaves(
    mail_sink: MailSink, address: str
) -> None:
    mail = Mail("<1@motcua.example>", address, "Đào", "s", "b\n")
    assert await deliver(mail_sink, mail) == Answer(Happening.REJECT, Reason.BAD_ADDRESS)
    assert mail_sink.mails() == []


def test_neither_address_nor_text_shows_in_logs() -> None:
    assert repr(MAIL) == "Mail(message_id='<0199c0de@motcua.example>')"


async def test_a_server_that_is_not_there_is_away() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(
        ProviderAway, match=rf"127\.0\.0\.1:{port} takes no mail .*NOTIFICATION_SMTP"
    ):
        async with gateway(port).session():
            pass


Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def rude_server(converse: Conversation) -> AsyncGenerator[int]:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await converse(reader, writer)
        writer.close()

    server = await asyncio.start_server(once, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_server_that_greets_with_554_is_away() -> None:
    async def turn_away(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 5.3.2 no service here\r\n")

    async with rude_server(turn_away) as port:
        with pytest.raises(ProviderAway, match="answered 554"):
            async with gateway(port).session():
                pass


def replies(*lines: bytes) -> Conversation:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 rude\r\n")
        for line in lines:
            await reader.readline()
            writer.write(line)
            await writer.drain()
        await reader.readline()

    return converse


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        ((b"250 hi\r\n",), Answer(Happening.DEFER, Reason.CONNECTION_LOST)),
        ((b"250 hi\r\n", b"550 not you\r\n"), Answer(Happening.DEFER, Reason.SENDER_REFUSED, 550)),
        (
            (b"250 hi\r\n", b"250 ok\r\n", b"450 4.2.1 greylisted\r\n"),
            Answer(Happening.DEFER, Reason.RECIPIENT_REFUSED, 450),
        ),
        (
            (b"250 hi\r\n", b"250 ok\r\n", b"nonsense\r\n"),
            Answer(Happening.DEFER, Reason.ANSWER_LOST),
        ),
        (
            (b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"nonsense\r\n"),
            Answer(Happening.LOSE, Reason.ANSWER_LOST),
        ),
    ],
)
async def test_only_a_lost_answer_to_the_content_leaves_the_outcome_open(
    lines: tuple[bytes, ...], answer: Answer
) -> None:
    async with rude_server(replies(*lines)) as port, gateway(port).session() as session:
        assert await session.deliver(MAIL, hand_over=nothing_to_record) == answer


def slow_replies(*lines: bytes) -> Conversation:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in lines:
            await asyncio.sleep(0.3)
            writer.write(line)
            await writer.drain()
            await reader.readline()

    return converse


async def test_a_server_that_takes_too_long_to_greet_in_all_is_away() -> None:
    """Each answer is in time; together they would outlast the claim on a message."""
    slow = slow_replies(b"220 slow\r\n", b"250 hi\r\n")
    async with rude_server(slow) as port:
        with pytest.raises(ProviderAway, match="TimeoutError"):
            async with gateway(port, timeout_seconds=0.5).session():
                pass


async def test_an_envelope_that_takes_too_long_in_all_may_be_offered_again() -> None:
    async def slow_after_greeting(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"220 quick\r\n")
        await reader.readline()
        writer.write(b"250 hi\r\n")
        await reader.readline()
        await slow_replies(b"250 ok\r\n", b"250 ok\r\n")(reader, writer)

    async with (
        rude_server(slow_after_greeting) as port,
        gateway(port, timeout_seconds=0.5).session() as session,
    ):
        hand_overs = HandOvers()
        answer = await session.deliver(MAIL, hand_over=hand_overs)
        assert answer == Answer(Happening.DEFER, Reason.TIMED_OUT)
        assert hand_overs.count == 0
        assert not session.usable


async def test_a_server_that_falls_silent_before_the_content_may_be_asked_again() -> None:
    async def fall_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 slow\r\n")
        await reader.readline()
        writer.write(b"250 hi\r\n")
        await reader.read()

    async with (
        rude_server(fall_silent) as port,
        gateway(port, timeout_seconds=0.3).session() as session,
    ):
        answer = await session.deliver(MAIL, hand_over=nothing_to_record)
        assert answer == Answer(Happening.DEFER, Reason.TIMED_OUT)
