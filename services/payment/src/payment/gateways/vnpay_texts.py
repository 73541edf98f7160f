"""VNPAY's response codes in words a citizen can act on (VNPAY developer documents, pay 2.1.0)."""

from collections.abc import Mapping
from types import MappingProxyType

OTHER = "99"

TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "00": ("Giao dịch thành công.", "The payment succeeded."),
        "01": ("Giao dịch chưa hoàn tất.", "The payment is not complete."),
        "02": ("Giao dịch bị lỗi.", "The payment failed."),
        "04": (
            "Giao dịch đảo: ngân hàng đã trừ tiền nhưng VNPAY chưa ghi nhận thành công.",
            "Reversed: the bank took the money but VNPAY has not recorded a success.",
        ),
        "05": ("VNPAY đang hoàn tiền giao dịch này.", "VNPAY is refunding this payment."),
        "06": (
            "VNPAY đã gửi yêu cầu hoàn tiền sang ngân hàng.",
            "VNPAY has sent the refund to the bank.",
        ),
        "07": (
            "Đã trừ tiền nhưng giao dịch bị nghi ngờ gian lận; VNPAY đang kiểm tra.",
            "The money was taken but the payment is suspected of fraud; VNPAY is checking.",
        ),
        "09": (
            "Thẻ hoặc tài khoản chưa đăng ký dịch vụ Internet Banking.",
            "The card or account is not registered for internet banking.",
        ),
        "10": (
            "Xác thực thông tin thẻ hoặc tài khoản sai quá 3 lần.",
            "The card or account details were wrong more than three times.",
        ),
        "11": (
            "Đã hết hạn chờ thanh toán. Vui lòng tạo lượt thanh toán mới.",
            "The time to pay ran out. Please start a new payment.",
        ),
        "12": ("Thẻ hoặc tài khoản bị khóa.", "The card or account is locked."),
        "13": (
            "Nhập sai mật khẩu xác thực giao dịch (OTP).",
            "The one-time password was wrong.",
        ),
        "24": ("Quý vị đã hủy giao dịch.", "You cancelled the payment."),
        "51": ("Tài khoản không đủ số dư.", "The account does not hold enough money."),
        "65": (
            "Tài khoản đã vượt hạn mức giao dịch trong ngày.",
            "The account is over its limit for the day.",
        ),
        "75": ("Ngân hàng thanh toán đang bảo trì.", "The bank is under maintenance."),
        "79": (
            "Nhập sai mật khẩu thanh toán quá số lần quy định.",
            "The payment password was wrong too many times.",
        ),
        OTHER: ("Giao dịch không thành công.", "The payment did not succeed."),
    }
)
