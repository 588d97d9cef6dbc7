"""Money written to a vendor. A ledger row is intended before each call, so that a run that dies in it is settled.

| the call ends in | the row becomes |
| --- | --- |
| an answer | applied; in HighLevel the transaction's id is found by reading (`planned` stays until then) |
| a refusal | as if it had never been: decided anew with the next event |
| "nothing was done" | intended, without a time: repeated without waiting |
| no answer, a crash | intended: looked for, HighLevel no earlier than a minute after the attempt |
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from consumers.payments.actions import DeadLetter, PayInXero, RecordInGhl
from consumers.payments.days import noon
from consumers.payments.echoes import marked_transaction, meta_of
from consumers.payments.settle import dropped
from consumers.runtime.failures import reason_of
from relay.clock import Clock
from relay.store.ledger import Ledger, LedgerRow, Origin, State
from relay.store.links import InvoiceLink
from relay.store.writes import Write, Writes
from relay.upstream.errors import KeyReused, NotFound, OutcomeUnknown, Refused, UpstreamError
from relay.upstream.ports import ElementRefused, GhlClient, Json, XeroClient
from relay.upstream.xero.payments import create_request
from schemas import money, xero
from schemas.connection_settings import ConnectionSettings

SAME_KEY: Final = timedelta(minutes=5)  # Xero keeps a key for six (facts: Idempotency-Key)


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes money of one link to either vendor."""

    link: InvoiceLink
    settings: ConnectionSettings
    ledger: Ledger
    writes: Writes
    clock: Clock

    async def record(self, crm: GhlClient, action: RecordInGhl, row: LedgerRow) -> None:
        """Record money of Xero in HighLevel. `row` is what the ledger holds when it has succeeded.

        Raises:
            OutcomeUnknown: it may have landed. Look no earlier than a minute from now.
            UpstreamError: it did not land, and the row says so.
        """
        intended = replace(row, state=State.INTENDED, twin=None, planned=action.amount, intended_at=self.clock.now())
        await self.save([intended])
        try:
            await crm.invoices.record_payment(
                self.link.ghl_invoice_id,
                amount=action.amount,
                mode=action.mode,
                notes=action.notes,
                meta=meta_of(action.external_id),
                fulfilled_at=noon(action.date, self.settings.timezone),
                full_shape=self.settings.record_payment_shape == "full",
            )
        except OutcomeUnknown:
            raise
        except (Refused, NotFound):
            await self.save([rejected(intended)])
            raise
        except UpstreamError:
            await self.save([replace(intended, intended_at=None)])
            raise
        await self.save([replace(intended, state=State.APPLIED)])

    async def pay(
        self, client: XeroClient, actions: Sequence[PayInXero], rows: Sequence[LedgerRow]
    ) -> Sequence[DeadLetter]:
        """Write transactions to Xero in one call; return the refused ones. `rows` are theirs, in the same order.

        Raises:
            OutcomeUnknown: it may have landed. `resend` within five minutes, else look.
            UpstreamError: nothing landed, and the rows say so.
        """
        now = self.clock.now()
        await self.save(
            [
                replace(row, state=State.INTENDED, twin=None, planned=action.amount, intended_at=now)
                for action, row in zip(actions, rows, strict=True)
            ]
        )
        write = self._write([_element(self.link, action) for action in actions], now)
        return await self._sent(client, await self.writes.record(write))

    async def resend(self, client: XeroClient) -> Sequence[DeadLetter] | None:
        """Send the open write of this link again, identical and under its key, which brings the first answer.

        Returns the refused ones, or None when there was nothing to send again: then what landed must be looked for.
        Raises what `pay` raises.
        """
        write = await self.writes.open_of(_subject(self.link))
        if write is None:
            return None
        if self.clock.now() - write.sent_at >= SAME_KEY:
            await self.writes.answered(write.key, self.clock.now())
            return None
        return await self._sent(client, write)

    async def _sent(self, client: XeroClient, write: Write) -> Sequence[DeadLetter]:
        elements: Sequence[Json] = money.loads(write.body)["Payments"]
        try:
            answers = await client.payments.create(elements, key=write.key)
        except OutcomeUnknown:
            raise
        except KeyReused as error:
            await self.writes.answered(write.key, self.clock.now())
            raise OutcomeUnknown(str(error)) from error
        except UpstreamError as error:
            await self._nothing_landed(elements, refused=isinstance(error, (Refused, NotFound)))
            await self.writes.answered(write.key, self.clock.now())
            raise
        refused = await self._answered(elements, answers)
        await self.writes.answered(write.key, self.clock.now())
        return refused

    async def _answered(
        self, elements: Sequence[Json], answers: Sequence[xero.Payment | ElementRefused]
    ) -> Sequence[DeadLetter]:
        rows = await self._intended(elements)
        changed: list[LedgerRow] = []
        refused: list[DeadLetter] = []
        for element, answer in zip(elements, answers, strict=True):
            row = rows.get(_transaction_of(element))
            if isinstance(answer, ElementRefused):
                refused.append(_refusal(_transaction_of(element), answer.messages))
                changed += [rejected(row)] if row else []
            elif row:
                changed.append(
                    replace(row, state=State.APPLIED, twin=answer.payment_id, planned=None, intended_at=None)
                )
        await self.save(changed)
        return refused

    async def _nothing_landed(self, elements: Sequence[Json], *, refused: bool) -> None:
        rows = (await self._intended(elements)).values()
        await self.save([rejected(row) if refused else replace(row, intended_at=None) for row in rows])

    async def _intended(self, elements: Sequence[Json]) -> dict[str, LedgerRow]:
        ids = {_transaction_of(element) for element in elements}
        rows = await self.ledger.read(self.link.id)
        return {
            row.external_id: row
            for row in rows
            if row.origin is Origin.GHL and row.external_id in ids and row.state is State.INTENDED
        }

    async def save(self, rows: Sequence[LedgerRow]) -> None:
        """Save rows of the link in one transaction."""
        if rows:
            await self.ledger.save(self.link.id, rows)

    def _write(self, elements: Sequence[Json], now: datetime) -> Write:
        seed = f"{self.link.tenant_id} {self.link.id} {now.isoformat()} ".encode()
        key = hashlib.sha256(seed + money.dumps(elements)).hexdigest()
        request = create_request(elements, key)
        return Write(
            key=key,
            tenant_id=self.link.tenant_id,
            method=request.method,
            path=request.path,
            body=request.body or b"",
            subjects=(_subject(self.link),),
            sent_at=now,
        )


def rejected(row: LedgerRow) -> LedgerRow:
    """Return a row whose write the vendor refused.

    One that also stands for money taken over keeps its claim to the rest, to be repeated; any other is void.
    """
    return dropped(row) if row.recorded == row.planned else replace(row, intended_at=None)


def _subject(link: InvoiceLink) -> str:
    return f"payments:{link.id}"  # apart from the writes of the invoice itself, which are settled in their own way


def _element(link: InvoiceLink, action: PayInXero) -> Json:
    return {
        "Invoice": {"InvoiceID": link.xero_invoice_id},
        "Account": {"Code": action.account_code},
        "Date": action.date.isoformat(),
        "Amount": action.amount,
        "Reference": action.reference,
    }


def _transaction_of(element: Json) -> str:
    sent: Any = {"PaymentID": "", "Reference": element["Reference"]}
    return marked_transaction(xero.Payment.model_validate(sent)) or ""


def _refusal(external_id: str, words: Sequence[str]) -> DeadLetter:
    return DeadLetter(reason_of(words), external_id, "; ".join(words))
