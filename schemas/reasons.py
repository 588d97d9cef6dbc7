"""Why something was skipped, waits, or failed: the closed list with its words, for consumers, CLI, console, runbook.

A text says what happened, what became of the data, what to do; one button leads to the mend. Facts stand in braces;
`schemas/wording.py` puts them in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal


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


@dataclass(frozen=True, slots=True)
class Text:
    """A reason in words for people."""

    words: str
    button: str | None  # None: there is nothing to press
    kind: Literal["dead", "parked", "skipped"]
    for_others: str | None = None  # who is no operator reads this instead


TEXTS: Final[Mapping[Reason, Text]] = {
    Reason.ACCOUNT_UNUSABLE: Text(
        "Account {code} {name}, used for {purpose}, was archived in Xero or takes no payments. Choose "
        "another, or allow payments to it in Xero.",
        "Choose",
        "dead",
    ),
    Reason.APPROVAL_LIMIT: Text(
        "{organisation}'s Xero plan allows no more approved invoices this month. Change the plan in Xero and "
        "send again, or send as drafts.",
        "Open settings",
        "dead",
    ),
    Reason.BAD_DOCUMENT: Text(
        "{crm} sent {number} with a {field} that we cannot read: {value}. Open and save the invoice in {crm}; "
        "if it comes again, tell support.",
        "Send again",
        "dead",
    ),
    Reason.CONTACT_ARCHIVED: Text(
        "{name} is archived in Xero. Restore the contact there, or link this customer to another one.",
        "Choose a contact",
        "dead",
    ),
    Reason.CONTACT_NAME_TAKEN: Text(
        "Xero has another active contact called {name}, and it is not this customer. Use that contact, or "
        "create {name} ({suffix}).",
        "Use it · Create",
        "dead",
    ),
    Reason.CURRENCY_NOT_SUBSCRIBED: Text(
        "{organisation} does not use {currency}. Add it in Xero under Currencies (the plan must allow "
        "several), then send again.",
        "Send {n} again",
        "dead",
    ),
    Reason.CURRENCY_PRECISION: Text(
        "{number} totals {total}; Xero keeps two decimals. Round the prices in {crm}.",
        "Send again",
        "dead",
    ),
    Reason.EDITED_IN_XERO: Text(
        "{number} was changed in Xero by hand on {date} and in {crm} on {date2}. Choose which one holds.",
        "Compare",
        "dead",
    ),
    Reason.INTERNAL_ERROR: Text(
        "Something on our side broke at {number} and was recorded as {id}. Nothing was done twice. An "
        "operator must look.",
        "Send again",
        "dead",
    ),
    Reason.INVOICE_NOT_OPEN: Text(
        "A payment of {amount} arrived for {number}, which is {status} on the other side. Nothing was written.",
        "Compare",
        "dead",
    ),
    Reason.MIXED_CURRENCIES: Text(
        "{number} has lines in {a} and in {b}. Xero takes one currency per invoice: split it in {crm}.",
        "Send again",
        "dead",
    ),
    Reason.NEGATIVE_TOTAL: Text(
        "{number} totals {total}. Xero takes no negative invoice: make a credit note there, then discard this one.",
        "Discard",
        "dead",
    ),
    Reason.NO_LINES: Text(
        "{number} has no lines. Add one in {crm} and save.",
        "Send again",
        "dead",
    ),
    Reason.NUMBER_TAKEN: Text(
        "Xero already has an invoice {number} that did not come from {crm} ({total}, {date}). Set a prefix "
        "for invoices from {crm}, or renumber the other one in Xero.",
        "Set a prefix",
        "dead",
    ),
    Reason.PAID_CANNOT_CHANGE: Text(
        "{number} has payments in Xero, so its amounts cannot change there. Remove the payment in Xero or "
        "make a credit note.",
        "Open in Xero",
        "dead",
    ),
    Reason.PAYMENT_TOO_LARGE: Text(
        "The payment of {a} is more than the {b} still owed in {system}. Check whether it was already entered "
        "there; if so, discard this one.",
        "Compare",
        "dead",
    ),
    Reason.PAYMENT_UNCLEAR: Text(
        "We do not know whether the payment of {amount} reached {system}: {n} entries look like it. Look at "
        "them and say which one it is.",
        "Compare",
        "dead",
    ),
    Reason.PERIOD_LOCKED: Text(
        "{number} is dated {date}; {organisation} is locked up to {lock}. Ask your bookkeeper to move the "
        "lock date, or change the date in {crm}. We never change dates.",
        "Send again",
        "dead",
    ),
    Reason.REFUSED: Text(
        "{system} refused {number}: {words}. Mend the cause there or in {crm}, then send again.",
        "Send again",
        "dead",
    ),
    Reason.TAX_ACCOUNT_MISMATCH: Text(
        "Xero does not allow {tax} on account {code} {name}. Change one of the two.",
        "Open settings",
        "dead",
    ),
    Reason.TAX_AMBIGUOUS: Text(
        "Several Xero rates are {rate} %: {rates}. Choose which one {tax} means; {m} invoices wait for the "
        "same answer.",
        "Map the tax",
        "dead",
    ),
    Reason.TAX_NOT_MAPPED: Text(
        "Line {n} of {number} is taxed {tax} {rate} %, and no Xero rate is chosen for that. Choose one; {m} "
        "invoices wait for the same answer.",
        "Map the tax",
        "dead",
    ),
    Reason.TAX_RATE_MISMATCH: Text(
        "{tax} is {rate} % in {crm}, but the Xero rate chosen for it is {other} %. Choose another rate, or "
        "correct it in {crm}.",
        "Map the tax",
        "dead",
    ),
    Reason.TOTAL_DIFFERS: Text(
        "Xero totals {a}, {crm} says {b}: {c} apart. Check tax and discount of the marked lines, mend the "
        "mapping, send again.",
        "Compare",
        "dead",
    ),
    Reason.ACCESS_IN_DOUBT: Text(
        "{crm} says {number} does not exist, but also shows us none of its invoices: our permission may have "
        "changed. Nothing was deleted. Reconnect {crm}, then it goes by itself.",
        "Reconnect",
        "parked",
    ),
    Reason.APP_LIMIT: Text(
        "Xero did not connect. It lets an organisation have two apps that it has not certified; if "
        "{organisation} has two, remove one in Xero under Connected apps and try again.",
        "Try again",
        "parked",
    ),
    Reason.AUTHORISATION_EXPIRED: Text(
        "{system} no longer accepts our authorisation for {name}. Nothing is lost: {n} changes wait in order. "
        "Sign in there again and they go by themselves.",
        "Reconnect",
        "parked",
    ),
    Reason.BEING_SET_UP: Text(
        "{account} is still being set up. {n} changes wait and go by themselves when that is finished.",
        "Continue set-up",
        "parked",
    ),
    Reason.BUDGET_USED_UP: Text(
        "Xero's requests for today are used up. {n} changes wait and go by themselves after {time}. There is "
        "nothing to do.",
        None,
        "parked",
    ),
    Reason.CONSUMER_STOPPED: Text(
        "{consumer} stopped itself: {n} of the last {m} events failed with {reason}. All others wait in "
        "order. Mend the cause, then resume.",
        "Resume",
        "parked",
    ),
    Reason.KEY_MISSING: Text(
        "No encryption key is set, so authorisations can be neither read nor stored. Nothing is sent, nothing "
        "is lost. Set `RELAY_ENCRYPTION_KEYS` (`relay keys generate`) and restart.",
        "Check again",
        "parked",
        for_others="This service needs its operator. Your changes wait safely.",
    ),
    Reason.MINUTE_LIMIT: Text(
        "{system} takes {n} requests a minute; {m} changes wait their turn, about {time}. There is nothing to do.",
        None,
        "parked",
    ),
    Reason.NATIVE_LINK: Text(
        "{crm}'s own Xero link is on for this account, so invoices could be entered twice. Turn it off in "
        "{crm} under Integrations; we wait until then.",
        "Check again",
        "parked",
    ),
    Reason.NOT_CONNECTED: Text(
        "{n} changes of {account} came in, but it is not connected to any books. They wait {days} more days "
        "and go by themselves after connecting.",
        "Connect",
        "parked",
    ),
    Reason.ORGANISATION_DISCONNECTED: Text(
        "{organisation} was disconnected inside Xero. {n} changes wait. Reconnect to go on, or disconnect "
        "here to stop for good.",
        "Reconnect · Disconnect...",
        "parked",
    ),
    Reason.OUTCOME_UNKNOWN: Text(
        "{system} did not say whether it took {number}. We look there before anything is written again, so "
        "nothing is done twice. There is nothing to do.",
        None,
        "parked",
    ),
    Reason.PAUSED: Text(
        "{account} is paused since {time} by {who}. {n} changes wait in order.",
        "Resume",
        "parked",
    ),
    Reason.PERMISSION_MISSING: Text(
        "Your Xero user may not connect apps to {organisation}. Ask a colleague who may (usually an adviser), "
        "or send them a link that does only this.",
        "Send a link",
        "parked",
    ),
    Reason.QUEUED_BEHIND: Text(
        "An earlier change of {number} waits, and this one keeps its place behind it. It goes by itself when "
        "that one is done or set aside. There is nothing to do.",
        None,
        "parked",
    ),
    Reason.SCOPE_MISSING: Text(
        "This connection was made without the permission to {deed}. Reconnect and allow it; everything else stays.",
        "Reconnect",
        "parked",
    ),
    Reason.VENDOR_AWAY: Text(
        "{system} has not answered for {name} since {time}. We keep trying; {n} changes wait in order. There "
        "is nothing to do.",
        None,
        "parked",
    ),
    Reason.WEBHOOKS_SILENT: Text(
        "No message from {system} for {time}, usually {n} a day. A check found {m} missed changes and applied "
        "them. Please look at the webhook setting there.",
        "How to check",
        "parked",
    ),
    Reason.WRONG_ORGANISATION: Text(
        "You signed in to {new}, but the books of {account} are in {old}. Nothing was changed. Reconnect and "
        "choose {old}, or move the account to {new}.",
        "Reconnect · Move...",
        "parked",
    ),
    Reason.ALREADY_IN_STEP: Text(
        "Nothing to do: both sides agree.",
        None,
        "skipped",
    ),
    Reason.CREDIT_NOTED: Text(
        "A credit of {amount} in Xero was noted on the contact.",
        None,
        "skipped",
    ),
    Reason.DRAFT_NOT_WANTED: Text(
        "A draft: sent when it is approved.",
        None,
        "skipped",
    ),
    Reason.NOT_APPROVED: Text(
        "Waits until the invoice is approved in Xero.",
        None,
        "skipped",
    ),
    Reason.NOT_OURS: Text(
        "This did not come from {crm}: left as it is.",
        None,
        "skipped",
    ),
    Reason.NOTHING_TO_VOID: Text(
        "Never was in Xero: nothing to void.",
        None,
        "skipped",
    ),
    Reason.SUPERSEDED: Text(
        "A newer change of this went through.",
        None,
        "skipped",
    ),
    Reason.SWITCHED_OFF: Text(
        "Switched off in the settings of {account}: not sent.",
        None,
        "skipped",
    ),
    Reason.TEST_MODE: Text(
        "A test invoice: not sent.",
        None,
        "skipped",
    ),
}
