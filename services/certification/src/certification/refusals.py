"""Why something about a copy is refused; each says what to do next."""

from chassis.errors import Conflict, Forbidden, NotFound, Refusal


class UnknownDossier(
    NotFound, vi="Không có hồ sơ chứng thực này", en="There is no such dossier of certification"
):
    """No dossier of this procedure has this id, or it is not for the asker to know."""


class UnknownCopy(NotFound, vi="Không có bản sao này", en="There is no such copy"):
    """No copy has this id, or it is not for the asker to know."""


class UnknownPart(NotFound, vi="Không có tệp quét này", en="The scan has no such part"):
    """Parts count from 1; the copy says how many there are."""


class NotYetSigned(NotFound, vi="Bản sao chưa được chứng thực", en="The copy is not certified yet"):
    """There is no certified file: read the copy to see where it stands."""


class StepNotPossible(
    Conflict, vi="Bản sao không ở trạng thái cho phép việc này", en="Its state does not allow this"
):
    """`state` says where the copy stands."""


class DossierOver(Conflict, vi="Hồ sơ đã kết thúc", en="The dossier is over"):
    """It was withdrawn, refused, stopped or completed."""


class CopyUnderWay(
    Conflict,
    vi="Hồ sơ đã có bản sao; chỉ thay thế được bản đã chứng thực",
    en="The dossier has its copy: a certified one can be replaced, no other is made",
):
    """One dossier, one copy, paid once: what was refused or revoked makes room for no other."""


class UnknownReason(Refusal, status=422, vi="Không có lý do này", en="There is no such reason"):
    """A reason code that is not for this; `allowed` names those that are."""


class PaymentAwaited(
    Conflict, vi="Hồ sơ chưa nộp phí hoặc chưa được tiếp nhận", en="The dossier is not paid yet"
):
    """Nobody signs before the dossier was paid and received."""


class NotASigner(
    Forbidden,
    vi="Tài khoản này không được phân công ký chứng thực",
    en="This account is not among those who may certify",
):
    """The role is not enough: the office names its signers, and each one's key."""


class ClerkIsSigner(
    Forbidden,
    vi="Người tiếp nhận bản chính không được ký chứng thực bản sao đó",
    en="Who saw the original may not sign the copy",
):
    """Two pairs of eyes see each copy, unless the office rules otherwise."""


class SignatureHindered(
    Conflict, vi="Hiện không ký được bằng khóa này", en="This key cannot sign now"
):
    """`hindrance` says why; nothing was approved."""


class SigningUnderWay(
    Conflict, vi="Bản sao đang được ký; hãy thử lại sau", en="It is being signed at this moment"
):
    """Read the copy after a minute: if it still waits, it can be given up."""


class WrongScan(
    Refusal,
    status=422,
    vi="Bản quét phải là một tệp PDF hoặc từ 1 đến 50 ảnh",
    en="The scan must be one PDF, or 1 to 50 images",
):
    """In parts named `scan`, in the order of the pages."""
