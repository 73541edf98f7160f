"""What citizens fill in and hand in. Names and numbers are invented."""

from typing import Any

JUDICIAL_FORM: dict[str, Any] = {
    "recordKind": "1",
    "fullName": "Nguyễn Thị Đào",
    "birthDate": "1990-05-21",
    "sex": "female",
    "birthPlace": "Ninh Bình",
    "nationality": "VN",
    "citizenId": "037190001234",
    "permanentAddress": "12 Lê Lợi, Ninh Bình",
    "purpose": "Đi làm",
    "residences": [{"from": "2004-05-21", "address": "12 Lê Lợi, Ninh Bình"}],
    "declaration": True,
}
COMPANY_FORM: dict[str, Any] = {
    "companyName": "Công ty TNHH Hoa Lư",
    "headOffice": {"street": "5 Đinh Tiên Hoàng", "commune": "Hoa Lư", "province": "Ninh Bình"},
    "phone": "0912345678",
    "businessLines": [{"code": "5510", "main": True}],
    "charterCapital": 500_000_000,
    "owner": {
        "fullName": "Trần Văn Bình",
        "birthDate": "1985-01-01",
        "citizenId": "037085001234",
    },
    "representative": {
        "fullName": "Trần Văn Bình",
        "citizenId": "037085001234",
        "title": "director",
    },
    "declaration": True,
}
COPY_FORM: dict[str, Any] = {"paperTitle": "Hộ chiếu", "pages": 3, "declaration": True}
CONTACT = {"fullName": "Nguyễn Thị Đào", "email": "dao@example.vn", "phone": "0912345678"}
