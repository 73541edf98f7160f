"""The documented codes, with the words a payer reads: (Vietnamese, English)."""

Words = tuple[str, str]

RESPONSE_CODES: dict[str, Words] = {
    "00": ("Giao dịch thành công", "Paid"),
    "07": ("Đã trừ tiền, giao dịch bị nghi ngờ", "Charged, but suspected of fraud"),
    "09": ("Chưa đăng ký ngân hàng trực tuyến", "No internet banking on this account"),
    "10": ("Xác thực sai quá 3 lần", "Failed to authenticate three times"),
    "11": ("Hết hạn chờ thanh toán", "Too late, the payment has expired"),
    "12": ("Thẻ hoặc tài khoản bị khóa", "Card or account locked"),
    "13": ("Sai mật khẩu OTP", "Wrong one-time password"),
    "24": ("Khách hàng hủy giao dịch", "Cancelled by the payer"),
    "51": ("Tài khoản không đủ số dư", "Insufficient funds"),
    "65": ("Vượt hạn mức trong ngày", "Daily limit exceeded"),
    "75": ("Ngân hàng đang bảo trì", "The bank is under maintenance"),
    "79": ("Sai mật khẩu thanh toán quá số lần", "Wrong payment password too often"),
    "99": ("Lỗi khác", "Other error"),
}

DECISIONS: dict[str, str] = {
    "pay": "00",
    "cancel": "24",
    "funds": "51",
    "suspect": "07",
    "no-banking": "09",
    "authentication": "10",
    "locked": "12",
    "otp": "13",
    "limit": "65",
    "maintenance": "75",
    "password": "79",
    "other": "99",
}

CHARGED = {"00", "07"}

PAY_URL_ERRORS: dict[str, Words] = {
    "01": ("Giao dịch đã tồn tại", "This transaction exists already"),
    "03": ("Dữ liệu gửi sang không đúng định dạng", "The data sent is not in the right format"),
    "15": ("Giao dịch đã quá thời gian chờ thanh toán", "The time for this payment is over"),
    "70": ("Sai chữ ký", "Wrong signature"),
    "72": ("Không tìm thấy website (vnp_TmnCode)", "Unknown merchant (vnp_TmnCode)"),
}

IPN_PROGRESS: dict[str, Words] = {
    "none": ("–", "–"),
    "waiting": ("đang báo", "telling"),
    "confirmed": ("đã xác nhận", "confirmed"),
    "dropped": ("không gửi", "not sent"),
    "abandoned": ("đã thôi", "given up"),
}

API_MESSAGES: dict[str, str] = {
    "00": "Success",
    "02": "Invalid TmnCode",
    "03": "Invalid data format",
    "91": "Transaction not found",
    "94": "Duplicate request",
    "95": "Refund refused",
    "97": "Invalid checksum",
    "99": "Unknown error",
}


def transaction_status(response_code: str) -> str:
    """vnp_TransactionStatus: 00 paid, 07 suspected, 02 failed."""
    return response_code if response_code in CHARGED else "02"
