"""Reading the mails: as JSON for tests, as pages for people."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Path, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from simulators.mail.mailbox import Mailbox, ReceivedMail, attachment_content
from simulators.pages import page


def mailbox_routes(mailbox: Mailbox, smtp_port: int) -> APIRouter:
    router = APIRouter(tags=["mailbox"])
    _add_messages(router, mailbox)
    _add_pages(router, mailbox, smtp_port)
    return router


def _found(mailbox: Mailbox, mail_id: str) -> ReceivedMail:
    received = mailbox.find(mail_id)
    if received is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"no mail {mail_id}; GET /messages lists all")
    return received


def _selected(mailbox: Mailbox, to: str | None, subject: str | None) -> list[ReceivedMail]:
    return [
        received
        for received in mailbox.mails
        if (to is None or to in received.mail.recipients)
        and (subject is None or subject.casefold() in received.mail.subject.casefold())
    ]


def _add_messages(router: APIRouter, mailbox: Mailbox) -> None:
    @router.get("/messages")
    async def list_messages(
        to: str | None = None, subject: str | None = None
    ) -> list[dict[str, object]]:
        """Oldest first; `to` is an exact address, `subject` a part of it."""
        return [received.as_json() for received in _selected(mailbox, to, subject)]

    @router.delete("/messages", status_code=HTTPStatus.NO_CONTENT)
    async def empty() -> None:
        mailbox.empty()

    @router.get("/messages/{mail_id}")
    async def read_message(mail_id: str) -> dict[str, object]:
        return _found(mailbox, mail_id).as_json()

    @router.get("/messages/{mail_id}/raw")
    async def read_raw(mail_id: str) -> Response:
        # not message/rfc822: browsers would hand it to a mail program
        content = _found(mailbox, mail_id).mail.content
        return Response(
            content, media_type="text/plain", headers={"X-Content-Type-Options": "nosniff"}
        )

    @router.get("/messages/{mail_id}/attachments/{place}")
    async def read_attachment(mail_id: str, place: Annotated[int, Path(ge=0)]) -> Response:
        found = attachment_content(_found(mailbox, mail_id).mail, place)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"the mail has no attachment {place}")
        attachment, content = found
        disposition = f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}"
        return Response(
            content,
            media_type=attachment.media_type,
            headers={"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"},
        )


def _add_pages(router: APIRouter, mailbox: Mailbox, smtp_port: int) -> None:
    @router.get("/", response_class=HTMLResponse)
    async def inbox(to: str | None = None, lang: str | None = None) -> HTMLResponse:
        mails = list(reversed(_selected(mailbox, to, None)))
        values = {"mails": mails, "to": to, "smtp_port": smtp_port}
        return page("mail_inbox.html", values, lang=lang)

    @router.get("/mails/{mail_id}", response_class=HTMLResponse)
    async def read(mail_id: str, lang: str | None = None) -> HTMLResponse:
        return page("mail_message.html", {"received": _found(mailbox, mail_id)}, lang=lang)

    @router.get("/mails/{mail_id}/html", response_class=HTMLResponse)
    async def read_html(mail_id: str) -> HTMLResponse:
        """The sender's HTML, shown without scripts, forms or anything from elsewhere."""
        policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        html = _found(mailbox, mail_id).mail.html or ""
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    @router.post("/empty")
    async def empty_from_page(lang: str | None = None) -> RedirectResponse:
        mailbox.empty()
        return RedirectResponse(f"/?lang={lang}" if lang == "en" else "/", HTTPStatus.SEE_OTHER)
