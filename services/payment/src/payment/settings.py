"""Settings of payment, from the environment (`PAYMENT_…`)."""

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, Field, HttpUrl, SecretStr, StringConstraints
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings
from motcua_contracts.types import Code, ObligationKind
from payment.gateways.vnpay import VnpayAccount
from payment.receipts import CollectingAgency
from payment.work import Terms

SerialPrefix = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]


class VnpaySettings(BaseModel):
    """Our terminal at VNPAY."""

    url: HttpUrl = Field(examples=["https://sandbox.vnpayment.vn/paymentv2/vpcpay.html"])
    api_url: HttpUrl = Field(
        examples=["https://sandbox.vnpayment.vn/merchant_webapi/api/transaction"]
    )
    tmn_code: str = Field(min_length=1, max_length=8, examples=["MOTCUA01"])
    hash_secret: SecretStr = Field(min_length=8, examples=["the secret that VNPAY gave"])
    previous_hash_secret: SecretStr | None = Field(default=None, min_length=8)
    """Still believed while the secret is being changed; never used to sign."""
    server_address: str = "127.0.0.1"
    """Our address as VNPAY sees it, sent with queries."""
    deadline_seconds: float = Field(default=10, gt=0, le=60)


class ReceiptSettings(BaseModel):
    """How receipts are headed and numbered."""

    template: Code = "01BLP0-001"
    charge_serial: SerialPrefix = "BI"
    """Before the year in serials of receipts for phí, as in `BI-26T`."""
    fee_serial: SerialPrefix = "BL"
    """The same for lệ phí: the law numbers the two apart."""
    agency: str = "Trung tâm Phục vụ hành chính công"
    """Who collects, as receipts name it."""
    tax_code: Annotated[str, StringConstraints(pattern=r"^(\d{10}(-\d{3})?)?$")] = ""


class Settings(ServiceSettings):
    """What payment needs beyond what every service needs."""

    model_config = SettingsConfigDict(env_prefix="PAYMENT_")

    public_url: HttpUrl = Field(examples=["https://motcua.example.vn/payment"])
    """Where citizens and gateways reach this service."""
    vnpay: VnpaySettings = Field(default_factory=dict[str, Any], validate_default=True)  # pyright: ignore[reportAssignmentType] - empty, so that each missing part is told by its own name
    receipt: ReceiptSettings = ReceiptSettings()
    shortest_order_minutes: int = Field(default=60, ge=5)
    """How long an order can be paid at least, however late it was asked for."""
    first_query_seconds: int = Field(default=300, ge=5)
    """After how long without a notification a gateway is asked about an attempt."""
    progress_grace_seconds: int = Field(default=600, ge=1)
    """How long a paid dossier may take to go on, before its facts are sent again."""

    def vnpay_account(self) -> VnpayAccount:
        vnpay, previous = self.vnpay, self.vnpay.previous_hash_secret
        secrets = [vnpay.hash_secret, *([previous] if previous else [])]
        return VnpayAccount(
            tmn_code=vnpay.tmn_code,
            secrets=tuple(secret.get_secret_value() for secret in secrets),
            page_url=str(vnpay.url),
            api_url=str(vnpay.api_url),
            return_url=f"{str(self.public_url).rstrip('/')}/v1/gateways/vnpay/return",
            server_address=vnpay.server_address,
            deadline_seconds=vnpay.deadline_seconds,
        )

    def terms(self) -> Terms:
        receipt = self.receipt
        return Terms(
            agency=CollectingAgency(name=receipt.agency, tax_code=receipt.tax_code),
            receipt_template=receipt.template,
            receipt_serials={
                ObligationKind.CHARGE: receipt.charge_serial,
                ObligationKind.FEE: receipt.fee_serial,
            },
            gateways=("vnpay",),
            shortest_order=timedelta(minutes=self.shortest_order_minutes),
            first_query=timedelta(seconds=self.first_query_seconds),
            progress_grace=timedelta(seconds=self.progress_grace_seconds),
        )
