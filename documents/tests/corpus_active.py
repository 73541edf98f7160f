"""PDFs that are encrypted or do something, each in one of the places where it can be hidden."""

from collections.abc import Callable

from pikepdf import Array, Dictionary, Encryption, Name, Object, Pdf, Stream, String

from documents.kinds import ActivePdf, EncryptedPdf

from .cases import harmless, kept, made, refused
from .raw import CATALOG, PAGE, one_page, stream, updated

ALERT = String("app.alert(1)")


def action(kind: str, **entries: Object) -> Dictionary:
    return Dictionary({"/S": Name(f"/{kind}"), **{f"/{k}": v for k, v in entries.items()}})


def script() -> Dictionary:
    return action("JavaScript", JS=ALERT)


def annotation(pdf: Pdf, **entries: Object) -> None:
    whole: dict[str, object] = {"/Type": Name.Annot, "/Rect": Array([0, 0, 9, 9])}
    whole |= {f"/{key}": value for key, value in entries.items()}
    pdf.pages[0].Annots = Array([pdf.make_indirect(Dictionary(whole))])


def link(**entries: Object) -> bytes:
    return made(lambda pdf: annotation(pdf, Subtype=Name.Link, **entries))


def root(**entries: Object) -> bytes:
    def change(pdf: Pdf) -> None:
        for key, value in entries.items():
            pdf.Root[f"/{key}"] = value

    return made(change)


def nothing(_: Pdf) -> None:
    """Nothing is done."""


# Encrypted.


@refused(EncryptedPdf)
def encrypted_with_40_bits() -> bytes:
    return made(nothing, encryption=Encryption(owner="a", user="b", R=2, aes=False, metadata=False))


@refused(EncryptedPdf)
def encrypted_with_128_bits() -> bytes:
    return made(nothing, encryption=Encryption(owner="a", user="b", R=3, aes=False, metadata=False))


@refused(EncryptedPdf)
def encrypted_with_128_bits_of_aes() -> bytes:
    return made(nothing, encryption=Encryption(owner="a", user="b", R=4))


@refused(EncryptedPdf)
def encrypted_with_256_bits() -> bytes:
    return made(nothing, encryption=Encryption(owner="a", user="b", R=6))


@refused(EncryptedPdf)
def encrypted_and_open_to_everybody() -> bytes:
    return made(nothing, encryption=Encryption(owner="a", user="", R=6))


# Scripts.


@refused(ActivePdf, "OpenAction")
def script_on_opening() -> bytes:
    return root(OpenAction=script())


@refused(ActivePdf, "JavaScript")
def script_by_name() -> bytes:
    tree = Dictionary(Names=Array([String("a"), script()]))
    return root(Names=Dictionary(JavaScript=Dictionary(Kids=Array([tree]))))


@refused(ActivePdf, "AA")
def script_on_closing() -> bytes:
    return root(AA=Dictionary(WC=script()))


@refused(ActivePdf, "AA")
def script_of_a_page() -> bytes:
    return made(lambda pdf: pdf.pages[0].obj.update({"/AA": Dictionary(O=script())}))


@refused(ActivePdf, "JavaScript")
def script_of_a_link() -> bytes:
    return link(A=script())


@refused(ActivePdf, "AA")
def script_of_a_field() -> bytes:
    return made(
        lambda pdf: annotation(pdf, Subtype=Name.Widget, FT=Name.Tx, AA=Dictionary(K=script()))
    )


@refused(ActivePdf, "JavaScript")
def script_after_a_jump() -> bytes:
    return link(A=action("GoTo", D=Array([0, Name.Fit]), Next=Array([script()])))


@refused(ActivePdf, "JavaScript")
def script_in_a_stream() -> bytes:
    return made(
        lambda pdf: annotation(
            pdf, Subtype=Name.Link, A=action("JavaScript", JS=Stream(pdf, bytes(ALERT)))
        )
    )


@refused(ActivePdf, "JavaScript")
def script_of_a_bookmark() -> bytes:
    first = Dictionary(Title=String("x"), A=script())
    return root(Outlines=Dictionary(Type=Name.Outlines, First=first, Last=first, Count=1))


@refused(ActivePdf, "JavaScript")
def script_with_its_name_escaped() -> bytes:
    return one_page({1: CATALOG[:-2] + b"/X << /S /J#61v#61Script /#4a#53 (x) >> >>"})


@refused(ActivePdf, "JavaScript")
def script_in_a_catalog_in_the_trailer() -> bytes:
    catalog = b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (x) >> >>"
    return one_page(trailer=b"/Root " + catalog)


@refused(ActivePdf, "JavaScript")
def script_of_nobody() -> bytes:
    return one_page({9: b"<< /S /JavaScript /JS (x) >>"})


@refused(ActivePdf, "JavaScript")
def script_in_an_array_in_an_array() -> bytes:
    return one_page({9: b"[" * 300 + b"<< /S /JavaScript /JS (x) >>" + b"]" * 300})


@refused(ActivePdf, "OpenAction")
def script_added_by_a_revision() -> bytes:
    added = b"/OpenAction << /S /JavaScript /JS (x) >> >>"
    return updated(one_page(), {1: CATALOG[:-2] + added})


@harmless()
def script_taken_out_by_a_revision() -> bytes:
    scripted = CATALOG[:-2] + b"/OpenAction << /S /JavaScript /JS (x) >> >>"
    return updated(one_page({1: scripted}), {1: CATALOG})


@refused(ActivePdf, "XFA")
def form_of_xml() -> bytes:
    return root(AcroForm=Dictionary(Fields=Array([]), XFA=Array([String("a"), String("<x/>")])))


# What calls out, or reaches in.


@refused(ActivePdf, "Launch")
def starts_a_program() -> bytes:
    return link(A=action("Launch", F=String("cmd.exe"), Win=Dictionary(F=String("cmd.exe"))))


@refused(ActivePdf, "RemoteReference")
def goes_to_another_file() -> bytes:
    return link(A=action("GoToR", F=String("\\\\host\\share\\x.pdf"), D=Array([0, Name.Fit])))


@refused(ActivePdf, "EmbeddedFiles")
def goes_to_a_file_within() -> bytes:
    return link(A=action("GoToE", T=Dictionary(R=Name.C, N=String("x.pdf"))))


@refused(ActivePdf, "RemoteReference")
def sends_a_form() -> bytes:
    where = Dictionary(FS=Name.URL, F=String("https://example.vn"))
    return link(A=action("SubmitForm", F=where))


@refused(ActivePdf, "RemoteReference")
def fetches_values() -> bytes:
    return link(A=action("ImportData", F=String("\\\\host\\x.fdf")))


@refused(ActivePdf, "RemoteReference")
def reads_an_article_elsewhere() -> bytes:
    return link(A=action("Thread", F=String("x.pdf")))


@refused(ActivePdf, "RemoteReference")
def content_in_another_file() -> bytes:
    content = b"<< /Length 0 /F (/etc/passwd) /FFilter /FlateDecode >>\nstream\n\nendstream"
    return one_page({4: content})


@refused(ActivePdf, "RemoteReference")
def page_of_another_file() -> bytes:
    reference = b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Ref << /F (x.pdf) /Page 0 >>"
    return one_page({9: stream(b"", reference)})


def _address(text: str) -> Callable[[], bytes]:
    return lambda: link(A=action("URI", URI=String(text)))


for _name, _text in (
    ("script", "javascript:alert(1)"),
    ("file", "file:///etc/passwd"),
    ("share", "smb://host/share"),
    ("unc", "\\\\host\\share"),
    ("data", "data:text/html,<script>"),
    ("application", "ms-word:ofe|u|https://example.vn/x.docx"),
):
    _build = _address(_text)
    _build.__name__ = f"link_to_a_{_name}"
    refused(ActivePdf, "Address")(_build)


@refused(ActivePdf, "Address")
def links_that_begin_with_a_script() -> bytes:
    return root(URI=Dictionary(Base=String("javascript:")))


@harmless()
def link_to_the_web() -> bytes:
    return link(A=action("URI", URI=String("https://example.vn")))


@refused(ActivePdf, "PostScript")
def commands_for_the_printer() -> bytes:
    return one_page({9: stream(b"showpage", b"/Type /XObject /Subtype /PS")})


# What it carries.


def _attached(pdf: Pdf) -> Dictionary:
    file = Stream(pdf, b"MZ", Type=Name.EmbeddedFile)
    return Dictionary(Type=Name.Filespec, F=String("x.exe"), EF=Dictionary(F=file))


@refused(ActivePdf, "EmbeddedFiles")
def attachment() -> bytes:
    def attach(pdf: Pdf) -> None:
        pdf.attachments["x.exe"] = b"MZ"

    return made(attach)


@refused(ActivePdf, "EmbeddedFiles")
def attachment_pinned_to_a_page() -> bytes:
    return made(lambda pdf: annotation(pdf, Subtype=Name.FileAttachment, FS=_attached(pdf)))


@refused(ActivePdf, "EmbeddedFiles")
def attachment_of_the_document() -> bytes:
    return made(lambda pdf: pdf.Root.update({"/AF": Array([_attached(pdf)])}))


@refused(ActivePdf, "EmbeddedFiles")
def attachment_of_nobody() -> bytes:
    return one_page({9: stream(b"MZ", b"/Type /EmbeddedFile")})


@refused(ActivePdf, "EmbeddedFiles")
def portfolio() -> bytes:
    return root(Collection=Dictionary(View=Name.T))


@refused(ActivePdf, "RichMedia")
def flash() -> bytes:
    content = Dictionary(Assets=Dictionary())
    return made(lambda pdf: annotation(pdf, Subtype=Name.RichMedia, RichMediaContent=content))


@refused(ActivePdf, "RichMedia")
def model_in_three_dimensions() -> bytes:
    return made(lambda pdf: annotation(pdf, Subtype=Name("/3D"), **{"3DD": Stream(pdf, b"U3D")}))


@refused(ActivePdf, "RichMedia")
def film() -> bytes:
    movie = Dictionary(F=String("x.avi"))
    return made(lambda pdf: annotation(pdf, Subtype=Name.Movie, Movie=movie))


@refused(ActivePdf, "RichMedia")
def sound() -> bytes:
    return made(lambda pdf: annotation(pdf, Subtype=Name.Sound, Sound=Stream(pdf, b"\0", R=8000)))


@refused(ActivePdf, "RichMedia")
def film_on_a_screen() -> bytes:
    return made(lambda pdf: annotation(pdf, Subtype=Name.Screen, A=action("Rendition", OP=Name.X)))


# What depends on who looks.


@harmless()
def empty_form() -> bytes:
    field = Dictionary(FT=Name.Tx, T=String("a"), Kids=Array([]))
    return root(AcroForm=Dictionary(Fields=Array([field])))


@kept(ActivePdf, "Form")
def form_that_readers_draw() -> bytes:
    field = Dictionary(FT=Name.Tx, T=String("a"), V=String("b"))
    return root(AcroForm=Dictionary(Fields=Array([field]), NeedAppearances=True))


@kept(ActivePdf, "Annotation")
def note_that_readers_draw() -> bytes:
    return made(lambda pdf: annotation(pdf, Subtype=Name.FreeText, Contents=String("x")))


@kept(ActivePdf, "HiddenLayer")
def layer_that_is_off() -> bytes:
    layer = b"<< /OCGs [9 0 R] /D << /OFF [9 0 R] >> >>"
    return one_page(
        {
            1: CATALOG[:-2] + b"/OCProperties " + layer + b" >>",
            3: PAGE.replace(b"/Resources << >>", b"/Resources << /Properties << /A 9 0 R >> >>"),
            4: stream(b"/OC /A BDC 0 0 9 9 re f EMC"),
            9: b"<< /Type /OCG /Name (x) >>",
        }
    )
