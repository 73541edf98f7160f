"""Why a decision about a dossier is refused; each says what to do next."""

from chassis.errors import Conflict, Forbidden, NotFound, Refusal


class UnknownDossier(NotFound, vi="Không có hồ sơ này", en="There is no such dossier"):
    """No dossier has this id or code, or it is not for the asker to know."""


class UnknownPaper(NotFound, vi="Không có giấy tờ này", en="There is no such paper"):
    """No paper of the dossier has this id."""


class KeptByCertification(
    NotFound,
    vi="Bản sao chứng thực do dịch vụ chứng thực lưu giữ",
    en="The certified copy is kept by certification: fetch it there",
):
    """`copyId` says which: `GET /v1/copies/{copyId}/file` at certification."""


class UnusableAccount(
    Forbidden,
    vi="Không thể nộp hồ sơ bằng tài khoản này; hãy báo cho Trung tâm Phục vụ hành chính công",
    en="This account cannot file: its subject is no opaque reference, tell the identity provider",
):
    """The subject of the token would name a person in events, as an identity number does."""


class NotTheApplicant(
    Forbidden,
    vi="Chỉ người nộp hồ sơ được làm việc này",
    en="Only the applicant may do this",
):
    """Somebody else who may see the dossier acts for its applicant."""


class AnotherOffice(
    Forbidden,
    vi="Hồ sơ do bộ phận một cửa khác tiếp nhận",
    en="Another one-stop office took this dossier in",
):
    """An officer acts on a dossier that lies with another office."""


class AnotherCounter(
    Forbidden,
    vi="Thủ tục này do bộ phận một cửa khác tiếp nhận",
    en="Another one-stop office takes this procedure in",
):
    """An officer files at a counter where the procedure is not taken in."""


class AnotherAgency(
    Forbidden,
    vi="Hồ sơ thuộc thẩm quyền của cơ quan khác",
    en="Another agency is competent for this dossier",
):
    """An agency acts on a dossier that is not its own."""


class DecidedByCertification(
    Forbidden,
    vi="Hồ sơ này do dịch vụ chứng thực giải quyết; không nhận kết quả của hệ thống khác",
    en="Certification decides about this dossier: no other system does",
):
    """An agency's system acts on a dossier whose result is a certified copy."""


class ReceivedOncePaid(
    Conflict,
    vi="Hồ sơ tự được tiếp nhận khi đã nộp phí chứng thực; hãy đối chiếu và chụp bản chính",
    en="It is received by itself once its fee is paid: see and scan the original",
):
    """An officer receives a dossier of certified copies before anybody has seen the original."""


class NotForCertification(
    Refusal,
    status=422,
    vi="Hồ sơ không thuộc thủ tục chứng thực bản sao",
    en="The dossier asks for no certified copy",
):
    """Certification speaks of a dossier of another procedure."""


class FeeAlreadyTold(
    Conflict,
    vi="Phí chứng thực của hồ sơ đã được thông báo cho bản sao khác",
    en="The fee of this dossier was told for another copy",
):
    """One dossier, one copy: its fee is told once, before it is received."""


class NotYetReceived(
    Conflict,
    vi="Hồ sơ chưa được tiếp nhận; hãy chờ sự kiện tiếp nhận rồi gửi lại",
    en="The dossier was not received yet: wait for its received event, then send this again",
):
    """An agency acts on a dossier before the one-stop office has accepted it."""


class SupplementAwaited(
    Conflict,
    vi="Hồ sơ đang chờ bổ sung giấy tờ; chờ bổ sung xong hoặc dừng xử lý hồ sơ",
    en="The dossier waits for papers: wait until they come, or stop it",
):
    """The legal clock stands still."""


class PaymentAwaited(
    Conflict,
    vi="Hồ sơ đang chờ nộp phí, lệ phí",
    en="The dossier waits for a payment",
):
    """Nothing goes on before the money is there."""


class SupplementAlreadyRequested(
    Conflict,
    vi="Đã yêu cầu bổ sung một lần ở giai đoạn này; mỗi giai đoạn chỉ được yêu cầu một lần",
    en="A supplement was asked for at this stage already: it may be asked for once at each stage",
):
    """One list, one request at each stage (NĐ 61/2018/NĐ-CP, art. 17)."""


class NoSupplementAwaited(
    Conflict,
    vi="Hồ sơ hiện không chờ bổ sung giấy tờ",
    en="The dossier does not wait for papers now",
):
    """Papers came that nobody asked for, or too late."""


class IncompleteSupplement(
    Refusal,
    status=422,
    vi="Chưa nộp đủ các giấy tờ được yêu cầu bổ sung",
    en="Not all wanted papers are there: send all of them at once",
):
    """`missing` has the kinds that are missing."""


class IncompleteVerdict(
    Refusal,
    status=422,
    vi="Kết quả phải kèm giấy tờ kết quả; từ chối phải nêu lý do và căn cứ pháp lý",
    en="An approval needs a result paper; a refusal needs a reason and a legal ground",
):
    """A decision that the applicant could not use."""


class UnknownFile(
    Refusal,
    status=422,
    vi="Không có tệp kết quả này; hãy tải tệp lên rồi gửi lại kết quả",
    en="There is no such result file: upload it first, then send the decision anew",
):
    """A decision names a file that its agency never uploaded, or whose digest is another."""


class AlreadyDecided(
    Conflict,
    vi="Hồ sơ đã có kết quả; không nhận kết quả khác",
    en="The dossier was decided already; no other decision is taken",
):
    """A second, different decision."""


class UnknownObligation(
    Conflict,
    vi="Khoản thanh toán không thuộc hồ sơ này",
    en="The payment settles nothing that this dossier owes",
):
    """A payment names obligations that are not the dossier's."""
