import zlib
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String

from documents.pdf_inspection import inspect_pdf

Change = Callable[[Pdf], None]


def save(folder: Path, change: Change | None = None) -> str:
    pdf = Pdf.new()
    page = pdf.add_blank_page()
    page.Contents = Stream(pdf, b"BT ET")
    if change:
        change(pdf)
    path = folder / "paper.pdf"
    pdf.save(path)
    return str(path)


def annotation(pdf: Pdf, **entries: Object) -> None:
    entries.setdefault("Subtype", Name.Link)
    annotation = Dictionary({f"/{key}": value for key, value in entries.items()})
    pdf.pages[0].Annots = pdf.make_indirect(Array([pdf.make_indirect(annotation)]))


def action(kind: str, **entries: Object) -> Dictionary:
    return Dictionary({"/S": Name(f"/{kind}"), **{f"/{k}": v for k, v in entries.items()}})


def open_javascript(pdf: Pdf) -> None:
    pdf.Root.OpenAction = action("JavaScript", JS=String("app.alert(1)"))


def named_javascript(pdf: Pdf) -> None:
    script = pdf.make_indirect(action("JavaScript", JS=Stream(pdf, b"app.alert(1)")))
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=[String("a"), script]))


def javascript_behind_a_jump(pdf: Pdf) -> None:
    script = action("JavaScript", JS=String("x"))
    pdf.Root.OpenAction = action("GoTo", D=Array([0, Name.Fit]), Next=script)


def page_action(pdf: Pdf) -> None:
    pdf.pages[0].AA = Dictionary(O=action("Named", N=Name.Print))


def open_address(pdf: Pdf) -> None:
    pdf.Root.OpenAction = action("URI", URI=String("https://example.vn"))


def attachment(pdf: Pdf) -> None:
    pdf.attachments["x.exe"] = b"MZ"


def forms_of_xml(pdf: Pdf) -> None:
    pdf.Root.AcroForm = Dictionary(Fields=[], XFA=Stream(pdf, b"<xdp/>"))


def external_stream(pdf: Pdf) -> None:
    pdf.pages[0].Contents = Stream(pdf, b"", F=String("/etc/passwd"))


def imported_page(pdf: Pdf) -> None:
    reference = Dictionary(F=String("other.pdf"), Page=0)
    pdf.Root.Extra = Stream(pdf, b"", Type=Name.XObject, Subtype=Name.Form, Ref=reference)


def passed_through_to_printers(pdf: Pdf) -> None:
    pdf.Root.Extra = Stream(pdf, b"", Type=Name.XObject, Subtype=Name.Form, Subtype2=Name.PS)


def link(address: str | bytes) -> Change:
    return lambda pdf: annotation(pdf, A=action("URI", URI=String(address)))


def base_of_links(pdf: Pdf) -> None:
    pdf.Root.URI = Dictionary(Base=String("javascript:"))


def attachment_of_nobody(pdf: Pdf) -> None:
    pdf.Root.Kept = Stream(pdf, b"MZ", Type=Name.EmbeddedFile)


def article_elsewhere(pdf: Pdf) -> None:
    annotation(pdf, A=action("Thread", F=String("other.pdf")))


def deep_inside_arrays(pdf: Pdf) -> None:
    nested = Array([Array([Array([action("Launch", F=String("calc.exe"))])])])
    pdf.pages[0].obj[Name.Hidden] = nested


def unreferenced(pdf: Pdf) -> None:
    pdf.Root.Kept = pdf.make_indirect(action("Launch", F=String("calc.exe")))


ACTIVE: list[tuple[Change, str]] = [
    (open_javascript, "JavaScript"),
    (open_javascript, "OpenAction"),
    (named_javascript, "JavaScript"),
    (javascript_behind_a_jump, "JavaScript"),
    (javascript_behind_a_jump, "OpenAction"),
    (page_action, "AA"),
    (open_address, "OpenAction"),
    (attachment, "EmbeddedFiles"),
    (forms_of_xml, "XFA"),
    (external_stream, "RemoteReference"),
    (imported_page, "RemoteReference"),
    (passed_through_to_printers, "PostScript"),
    (attachment_of_nobody, "EmbeddedFiles"),
    (article_elsewhere, "RemoteReference"),
    (link("javascript:alert(1)"), "Address"),
    (link(" JavaScript:alert(1)"), "Address"),
    (link("file:///etc/passwd"), "Address"),
    (link("smb://host/share"), "Address"),
    (link("\\\\host\\share"), "Address"),
    (link("//host/share"), "Address"),
    (link("other.exe"), "Address"),
    (link(b"\xfe\xff\0j\0s\0:"), "Address"),
    (link(""), "Address"),
    (base_of_links, "Address"),
    (deep_inside_arrays, "Launch"),
    (unreferenced, "Launch"),
    (lambda pdf: annotation(pdf, A=action("Launch", F=String("calc.exe"))), "Launch"),
    (lambda pdf: annotation(pdf, A=action("GoToR", F=String("a.pdf"))), "RemoteReference"),
    (lambda pdf: annotation(pdf, A=action("SubmitForm", F=String("x"))), "RemoteReference"),
    (lambda pdf: annotation(pdf, A=action("GoToE", T=Dictionary())), "EmbeddedFiles"),
    (lambda pdf: annotation(pdf, Subtype=Name.RichMedia), "RichMedia"),
    (lambda pdf: annotation(pdf, Subtype=Name("/3D")), "RichMedia"),
    (lambda pdf: annotation(pdf, Subtype=Name.FileAttachment), "EmbeddedFiles"),
]


@pytest.mark.parametrize(("change", "part"), ACTIVE)
def test_a_pdf_that_does_something_is_named_for_it(
    tmp_path: Path, change: Change, part: str
) -> None:
    verdict = inspect_pdf(save(tmp_path, change))
    assert verdict["verdict"] == "active"
    assert part in str(verdict["found"])


def open_at_a_page(pdf: Pdf) -> None:
    pdf.Root.OpenAction = Array([pdf.pages[0].obj, Name.XYZ, 0, 0, 0])


def open_by_a_jump(pdf: Pdf) -> None:
    pdf.Root.OpenAction = action("GoTo", D=Array([pdf.pages[0].obj, Name.Fit]))


def signature_field(pdf: Pdf) -> None:
    field = Dictionary(FT=Name.Sig, T=String("ký số"), V=Dictionary(Type=Name.Sig))
    pdf.Root.AcroForm = Dictionary(Fields=[pdf.make_indirect(field)], SigFlags=3)


def structure(pdf: Pdf) -> None:
    pdf.Root.StructTreeRoot = Dictionary(K=Array([Dictionary(S=Name.Span)]))


@pytest.mark.parametrize(
    "change",
    [
        None,
        open_at_a_page,
        open_by_a_jump,
        signature_field,
        structure,
        link("https://example.vn"),
        link("HTTP://example.vn"),
        link("www.example.vn"),
        link("mailto:motcua@example.vn"),
    ],
)
def test_what_office_programs_and_signers_write_is_clean(
    tmp_path: Path, change: Change | None
) -> None:
    assert inspect_pdf(save(tmp_path, change)) == {"verdict": "clean", "pages": 1}


@pytest.mark.parametrize("password", ["", "mật khẩu"])
def test_an_encrypted_pdf_is_named_even_if_it_opens_without_a_password(
    tmp_path: Path, password: str
) -> None:
    path = tmp_path / "paper.pdf"
    with pikepdf.open(save(tmp_path), allow_overwriting_input=True) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner="chủ", user=password))
    assert inspect_pdf(str(path)) == {"verdict": "encrypted"}


def cut_in_half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def without_its_index(content: bytes) -> bytes:
    return content.replace(b"startxref", b"startxxxx")


def only_its_first_line(content: bytes) -> bytes:
    return content[:9]


@pytest.mark.parametrize("harm", [cut_in_half, without_its_index, only_its_first_line])
def test_a_damaged_pdf_is_not_repaired_in_silence(
    tmp_path: Path, harm: Callable[[bytes], bytes]
) -> None:
    path = Path(save(tmp_path))
    path.write_bytes(harm(path.read_bytes()))
    assert inspect_pdf(str(path))["verdict"] == "damaged"


def test_content_that_cannot_be_unpacked_is_damage(tmp_path: Path) -> None:
    def broken(pdf: Pdf) -> None:
        packed = bytearray(zlib.compress(b"BT ET " * 500))
        packed[2:6] = b"\xff" * 4
        pdf.pages[0].Contents = Stream(pdf, bytes(packed), Filter=Name.FlateDecode)

    assert inspect_pdf(save(tmp_path, broken))["verdict"] == "damaged"


def test_a_pdf_without_pages_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "empty.pdf"
    Pdf.new().save(path)
    assert inspect_pdf(str(path))["verdict"] == "damaged"
