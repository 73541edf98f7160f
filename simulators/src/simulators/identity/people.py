"""Invented people who can sign in. None of them exists; the numbers are made up.

`subject` is what other systems see: opaque, because it travels in events.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    key: str
    subject: str
    name: str
    role: str
    post: tuple[str, str]
    personal_number: str
    agency: str | None = None

    def access_claims(self) -> dict[str, str | list[str]]:
        claims: dict[str, str | list[str]] = {"sub": self.subject, "roles": [self.role]}
        return claims if self.agency is None else {**claims, "agency": self.agency}

    def profile(self) -> dict[str, str]:
        """Standard claims, and those of the national sign-on: TechID, LoaiTaiKhoan, SoDinhDanh."""
        return {
            "sub": self.subject,
            "name": self.name,
            "preferred_username": self.key,
            "email": f"{self.key}@example.vn",
            "TechID": self.subject,
            "LoaiTaiKhoan": "1",
            "SoDinhDanh": self.personal_number,
        }


PEOPLE = (
    Person(
        key="nguyen-thi-dao",
        subject="5d0c0d4e-8a3f-4f0e-9a55-1c0f6a2b7e01",
        name="Nguyễn Thị Đào",
        role="citizen",
        post=("Công dân", "Citizen"),
        personal_number="037190000101",
    ),
    Person(
        key="tran-van-binh",
        subject="a1f7c2b9-3e64-4d0b-8b1d-52c9e7d4f602",
        name="Trần Văn Bình",
        role="citizen",
        post=("Công dân, chủ hộ kinh doanh", "Citizen, business owner"),
        personal_number="037085000202",
    ),
    Person(
        key="le-thi-lan",
        subject="c83b5a60-77d2-4b8e-a6f9-0de1b94c3a03",
        name="Lê Thị Lan",
        role="officer",
        post=("Cán bộ một cửa, Trung tâm Phục vụ hành chính công", "One-stop officer"),
        personal_number="037188000303",
        agency="H42.01",
    ),
    Person(
        key="hoang-van-minh",
        subject="79a34e74-5877-4ba6-b072-4717eeb3bc07",
        name="Hoàng Văn Minh",
        role="signer",
        post=("Người có thẩm quyền ký chứng thực", "Authorised signer"),
        personal_number="037078000505",
        agency="H42.01",
    ),
    Person(
        key="pham-van-hung",
        subject="e2964d1c-05af-4c37-b2e8-9a7f3c6d8b04",
        name="Phạm Văn Hùng",
        role="operator",
        post=("Người vận hành hệ thống", "System operator"),
        personal_number="037080000404",
    ),
)


def find_person(key_or_subject: str) -> Person | None:
    return next((p for p in PEOPLE if key_or_subject in {p.key, p.subject}), None)
