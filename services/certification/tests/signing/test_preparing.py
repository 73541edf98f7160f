"""The prepared copy: the scan untouched, a band below it, and the same bytes every time."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from certification.ports import Attestation
from certification.preparing import prepare
from documents.pdf_inspection import inspect_pdf

BEIGE, BLUE, WHITE = (255, 230, 204), (0, 0, 255), (255, 255, 255)


def paper(folder: Path, size: tuple[float, float], **page: object) -> Path:
    """One beige page with a blue corner, the upper left one as long as it is not turned."""
    width, height = size
    path = folder / "paper.pdf"
    with pikepdf.Pdf.new() as pdf:
        made = pdf.add_blank_page(page_size=size)
        drawn = f"1 .9 .8 rg 0 0 {width} {height} re f 0 0 1 rg 0 {height - 40} 40 40 re f"
        made.Contents = pdf.make_stream(drawn.encode())
        for name, value in page.items():
            made.obj[f"/{name}"] = value
        pdf.save(path)
    return path


def shown(path: Path, *, page: int | None = None) -> Image.Image:
    """The last page, or another, with one pixel for each point."""
    pdf = pypdfium2.PdfDocument(path)
    return pdf[len(pdf) - 1 if page is None else page].render(scale=1).to_pil().convert("RGB")


def colours(image: Image.Image, box: tuple[int, int, int, int]) -> set[object]:
    return {colour for _, colour in image.crop(box).getcolors(box[2] * box[3]) or ()}


def text(path: Path) -> str:
    pdf = pypdfium2.PdfDocument(path)
    return pdf[len(pdf) - 1].get_textpage().get_text_range()


def test_the_same_scan_and_words_give_the_same_bytes(
    scan: Path, attestation: Attestation, tmp_path: Path
):
    digests = {prepare(scan, tmp_path / f"{n}.pdf", attestation) for n in range(3)}
    files = {hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()}
    assert len(digests) == 1
    assert files == digests
    other = replace(attestation, number=16)
    assert prepare(scan, tmp_path / "other.pdf", other) not in digests


def test_vietnamese_can_be_read_out_of_the_band(prepared: Path, attestation: Attestation):
    said = " ".join(text(prepared).split())
    for part in (
        "CHỨNG THỰC BẢN SAO ĐÚNG VỚI BẢN CHÍNH",
        "Số chứng thực 15, quyển số 2026-SCT-BS",
        "Hưng Yên, ngày 05 tháng 02 năm 2026",
        "SỞ TƯ PHÁP TỈNH HƯNG YÊN",
        "PHÓ GIÁM ĐỐC",
        "Nguyễn Thị Bích Đào",
        "Mã kiểm tra: K7QM29TX",
        attestation.check_url,
    ):
        assert part in said


def test_only_the_last_page_grows_and_nothing_of_it_is_covered(scan: Path, prepared: Path):
    assert shown(prepared, page=0).tobytes() == shown(scan, page=0).tobytes()
    image = shown(prepared)
    assert image.width == 595
    assert image.height > 842 + 200
    assert colours(image, (0, 0, 595, 841)) == {(204, 204, 204)}


@pytest.mark.parametrize(
    ("size", "page", "wanted", "corner"),
    [
        ((595, 842), {}, (595, 842), (5, 5)),
        ((595, 842), {"Rotate": 90}, (842, 595), (-5, 5)),
        ((595, 842), {"Rotate": 180}, (595, 842), (-5, -5)),
        ((842, 595), {"Rotate": 270}, (595, 842), (5, -5)),
        ((300, 400), {"UserUnit": 2}, (600, 800), (5, 5)),
    ],
    ids=["upright", "right", "upside down", "left", "its own unit"],
)
def test_a_turned_page_stays_as_it_is_seen(
    size: tuple[float, float],
    page: dict[str, object],
    wanted: tuple[int, int],
    corner: tuple[int, int],
    *,
    attestation: Attestation,
    tmp_path: Path,
):
    target = tmp_path / "prepared.pdf"
    prepare(paper(tmp_path, size, **page), target, attestation)
    image = shown(target)
    assert image.width == wanted[0]
    assert image.height > wanted[1] + 200
    x, y = (at % size for at, size in zip(corner, wanted, strict=True))
    assert image.getpixel((x, y)) == BLUE
    assert colours(image, (0, 0, wanted[0], wanted[1] - 1)) == {BLUE, BEIGE}


def test_what_a_reader_does_not_show_of_a_page_stays_hidden(
    attestation: Attestation, tmp_path: Path
):
    source = paper(tmp_path, (595, 842), CropBox=pikepdf.Array([0, 0, 595, 700]))
    prepare(source, tmp_path / "prepared.pdf", attestation)
    image = shown(tmp_path / "prepared.pdf")
    assert image.height < 1000
    assert colours(image, (0, 0, 595, 699)) == {BEIGE}


def test_a_small_page_gets_margins_and_a_huge_one_a_large_band(
    attestation: Attestation, tmp_path: Path
):
    prepare(paper(tmp_path, (243, 153)), tmp_path / "card.pdf", attestation)
    card = shown(tmp_path / "card.pdf")
    assert card.width == 470
    assert (card.getpixel((5, 100)), card.getpixel((235, 100))) == (WHITE, BEIGE)
    prepare(paper(tmp_path, (3000, 4000)), tmp_path / "photo.pdf", attestation)
    photo = shown(tmp_path / "photo.pdf")
    assert photo.width == 3000
    assert photo.height > 4000 + 5 * 200


def test_a_long_name_of_an_agency_makes_the_band_higher(
    scan: Path, attestation: Attestation, tmp_path: Path
):
    long = replace(
        attestation,
        agency_name="Ủy ban nhân dân phường Hồng Bàng, thành phố Hải Phòng",
        signer_title="Phó Chủ tịch Ủy ban nhân dân phường",
        signer_name="Công Tằng Tôn Nữ Nguyễn Thị Quỳnh Hương",
    )
    prepare(scan, tmp_path / "long.pdf", long)
    prepare(scan, tmp_path / "short.pdf", attestation)
    assert shown(tmp_path / "long.pdf").height > shown(tmp_path / "short.pdf").height
    assert "ỦY BAN NHÂN DÂN PHƯỜNG HỒNG BÀNG" in " ".join(text(tmp_path / "long.pdf").split())


def test_it_is_one_revision_with_two_empty_fields_in_the_order_of_signing(prepared: Path):
    assert prepared.read_bytes().count(b"%%EOF") == 1
    with pikepdf.open(prepared) as pdf:
        fields = list(pdf.Root.AcroForm.Fields)
        assert [str(field.T) for field in fields] == ["person", "seal"]
        assert all("/V" not in field for field in fields)
        assert fields[1].Lock.P == 1


def test_the_seal_covers_the_left_third_of_the_signature_in_its_real_size(prepared: Path):
    with pikepdf.open(prepared) as pdf:
        person, seal = ([float(edge) for edge in field.Rect] for field in pdf.Root.AcroForm.Fields)
    assert seal[3] - seal[1] == pytest.approx(36 / 25.4 * 72, abs=0.01)
    assert seal[2] - person[0] == pytest.approx((person[2] - person[0]) / 3, abs=0.01)


def test_it_tells_its_link_and_nothing_of_the_scan(
    scan: Path, attestation: Attestation, tmp_path: Path
):
    told = tmp_path / "told.pdf"
    with pikepdf.open(scan) as pdf:
        pdf.docinfo["/Author"] = "Nguyễn Văn An"
        with pdf.open_metadata() as metadata:
            metadata["dc:creator"] = ["Nguyễn Văn An"]
        pdf.save(told)
    prepare(told, tmp_path / "prepared.pdf", attestation)
    with pikepdf.open(tmp_path / "prepared.pdf") as pdf:
        assert {str(key): str(value) for key, value in pdf.docinfo.items()} == {
            "/CheckUrl": attestation.check_url,
            "/Title": "Bản sao chứng thực số 15, quyển số 2026-SCT-BS, Sở Tư pháp tỉnh Hưng Yên",
        }
        assert attestation.check_url.encode() in pdf.Root.Metadata.read_bytes()
        assert "Nguyễn Văn An".encode() not in pdf.Root.Metadata.read_bytes()


def test_it_is_a_clean_document(prepared: Path):
    assert inspect_pdf(str(prepared)) == {"verdict": "clean", "pages": 2}


def test_a_prepared_copy_that_cannot_be_written_leaves_nothing(
    scan: Path, attestation: Attestation, tmp_path: Path
):
    (tmp_path / "taken").mkdir()
    with pytest.raises(IsADirectoryError):
        prepare(scan, tmp_path / "taken", attestation)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
