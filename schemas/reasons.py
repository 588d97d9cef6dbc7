"""Why something was skipped, waits, or failed: the closed list, used by consumers, CLI, console and runbook."""

from enum import StrEnum


class Reason(StrEnum):
    """One word per cause. Its text for people stands in `TEXTS`."""

    # a person must mend something (dead letters)
    ACCOUNT_UNUSABLE = "account_unusable"
    APPROVAL_LIMIT = "approval_limit"
    BAD_DOCUMENT = "bad_document"
    CONTACT_ARCHIVED = "contact_archived"
    CONTACT_NAME_TAKEN = "contact_name_taken"
    CURRENCY_NOT_SUBSCRIBED = "currency_not_subscribed"
    CURRENCY_PRECISION = "currency_precision"
    EDITED_IN_XERO = "edited_in_xero"
    INTERNAL_ERROR = "internal_error"
    INVOICE_NOT_OPEN = "invoice_not_open"
    MIXED_CURRENCIES = "mixed_currencies"
    NEGATIVE_TOTAL = "negative_total"
    NO_LINES = "no_lines"
    NUMBER_TAKEN = "number_taken"
    PAID_CANNOT_CHANGE = "paid_cannot_change"
    PAYMENT_TOO_LARGE = "payment_too_large"
    PAYMENT_UNCLEAR = "payment_unclear"
    PERIOD_LOCKED = "period_locked"
    REFUSED = "refused"
    TAX_ACCOUNT_MISMATCH = "tax_account_mismatch"
    TAX_AMBIGUOUS = "tax_ambiguous"
    TAX_NOT_MAPPED = "tax_not_mapped"
    TAX_RATE_MISMATCH = "tax_rate_mismatch"
    TOTAL_DIFFERS = "total_differs"
    # the connection or the relay must be mended, or time must pass (parked)
    ACCESS_IN_DOUBT = "access_in_doubt"
    APP_LIMIT = "app_limit"
    AUTHORISATION_EXPIRED = "authorisation_expired"
    BEING_SET_UP = "being_set_up"
    BUDGET_USED_UP = "budget_used_up"
    CONSUMER_STOPPED = "consumer_stopped"
    KEY_MISSING = "key_missing"
    MINUTE_LIMIT = "minute_limit"
    NATIVE_LINK = "native_link"
    NOT_CONNECTED = "not_connected"
    ORGANISATION_DISCONNECTED = "organisation_disconnected"
    OUTCOME_UNKNOWN = "outcome_unknown"  # ours: a write may have landed; we look before writing again
    PAUSED = "paused"
    PERMISSION_MISSING = "permission_missing"
    QUEUED_BEHIND = "queued_behind"  # ours: a later event of a parked subject, kept in order
    SCOPE_MISSING = "scope_missing"
    VENDOR_AWAY = "vendor_away"
    WEBHOOKS_SILENT = "webhooks_silent"
    WRONG_ORGANISATION = "wrong_organisation"
    # nothing to do, or noted (skips and notes)
    ALREADY_IN_STEP = "already_in_step"
    CREDIT_NOTED = "credit_noted"
    DRAFT_NOT_WANTED = "draft_not_wanted"
    NOT_APPROVED = "not_approved"
    NOT_OURS = "not_ours"  # ours: a Xero document that never came through the relay
    NOTHING_TO_VOID = "nothing_to_void"
    SUPERSEDED = "superseded"
    SWITCHED_OFF = "switched_off"  # ours: the connection's settings do not sync this
    TEST_MODE = "test_mode"
