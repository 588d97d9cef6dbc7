"""What becomes of each of aiokafka's errors: the log raises nothing but its own tree.

A test goes through every exception class of aiokafka and fails when a new version brings one that stands in no row.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import structlog
from aiokafka import errors

from relay.log.errors import EventTooLarge, Fenced, LogError, LogUnavailable, OffsetLost, TopicMissing

OUTCOMES: Final[Mapping[type[LogError], frozenset[str]]] = {
    EventTooLarge: frozenset({"MessageSizeTooLargeError", "RecordListTooLargeError"}),
    TopicMissing: frozenset({"InvalidTopicError", "TopicAuthorizationFailedError", "UnknownTopicOrPartitionError"}),
    OffsetLost: frozenset({"NoOffsetForPartitionError", "OffsetOutOfRangeError"}),
    Fenced: frozenset(
        {
            "CommitFailedError",
            "IllegalGenerationError",
            "IllegalStateError",  # a commit for what a rebalance took away is refused by the client itself
            "RebalanceInProgressError",
            "UnknownMemberIdError",
        }
    ),
    LogUnavailable: frozenset(
        {
            # the roots, and what only they say
            "BrokerResponseError",
            "KafkaError",
            "KafkaProtocolError",
            "NoError",
            "UnknownError",
            # no way to the cluster, or not now
            "BrokerNotAvailableError",
            "Cancelled",
            "CorrelationIdError",
            "GroupCoordinatorNotAvailableError",
            "GroupLoadInProgressError",
            "KafkaConnectionError",
            "KafkaStorageError",
            "KafkaTimeoutError",
            "KafkaUnavailableError",
            "LeaderNotAvailableError",
            "ListenerNotFound",
            "LogDirNotFound",
            "MetadataEmptyBrokerList",
            "NoBrokersAvailable",
            "NodeNotReadyError",
            "NotCoordinatorForGroupError",
            "NotEnoughReplicasAfterAppendError",
            "NotEnoughReplicasError",
            "NotLeaderForPartitionError",
            "ReplicaNotAvailableError",
            "RequestTimedOutError",
            "StaleControllerEpochError",
            "StaleLeaderEpochCodeError",
            "StaleMetadata",
            "TooManyInFlightRequests",
            # reading
            "ConsumerStoppedError",
            "CorruptRecordException",
            "FetchSessionIdNotFound",
            "InvalidFetchRequestError",
            "InvalidFetchSessionEpoch",
            "RecordTooLargeError",
            "UnsupportedCodecError",
            # access
            "AuthenticationFailedError",
            "AuthenticationMethodNotSupported",
            "ClusterAuthorizationFailedError",
            "DelegationTokenAuthDisabled",
            "DelegationTokenAuthorizationFailed",
            "DelegationTokenExpired",
            "DelegationTokenNotFound",
            "DelegationTokenOwnerMismatch",
            "DelegationTokenRequestNotAllowed",
            "GroupAuthorizationFailedError",
            "IllegalSaslStateError",
            "InvalidPrincipalType",
            "SaslAuthenticationFailed",
            "SecurityDisabled",
            "UnsupportedSaslMechanismError",
            # groups
            "GroupIdNotFound",
            "InconsistentGroupProtocolError",
            "InvalidCommitOffsetSizeError",
            "InvalidGroupIdError",
            "InvalidSessionTimeoutError",
            "MemberIdRequired",
            "NonEmptyGroup",
            "OffsetMetadataTooLargeError",
            # topics
            "InvalidConfigurationError",
            "InvalidPartitionsError",
            "InvalidReplicationAssignmentError",
            "InvalidReplicationFactorError",
            "NotControllerError",
            "PolicyViolationError",
            "ReassignmentInProgress",
            "TopicAlreadyExistsError",
            # producers: with idempotence and transactions off, most of these cannot happen
            "ConcurrentTransactions",
            "DuplicateSequenceNumber",
            "InvalidProducerEpoch",
            "InvalidProducerIdMapping",
            "InvalidRequiredAcksError",
            "InvalidTimestampError",
            "InvalidTransactionTimeout",
            "InvalidTxnState",
            "OperationNotAttempted",
            "OutOfOrderSequenceNumber",
            "ProducerClosed",
            "ProducerFenced",
            "TransactionCoordinatorFenced",
            "TransactionalIdAuthorizationFailed",
            "UnknownProducerId",
            # ours or aiokafka's mistake, or a broker it cannot talk to
            "IllegalArgumentError",
            "IllegalOperation",
            "IncompatibleBrokerVersion",
            "InvalidRequestError",
            "KafkaConfigurationError",
            "QuotaViolationError",
            "UnrecognizedBrokerVersion",
            "UnsupportedForMessageFormatError",
            "UnsupportedVersionError",
        }
    ),
}
_BY_NAME: Final = {name: outcome for outcome, names in OUTCOMES.items() for name in names}

log = structlog.get_logger()

FROM_KAFKA: Final = (errors.KafkaError, errors.ConsumerStoppedError, errors.IllegalOperation)


def log_error(error: Exception, doing: str) -> LogError:
    """Return what one of aiokafka's errors means to the log's callers."""
    outcome = _BY_NAME.get(type(error).__name__, LogUnavailable)
    return outcome(f"Kafka failed {doing}: {error!r}")


@asynccontextmanager
async def kafka_call(doing: str, seconds: float) -> AsyncIterator[None]:
    """Put a deadline around calls of aiokafka, which knows none, and let only the log's errors out.

    Raises:
        LogError: as in `OUTCOMES`; `LogUnavailable` after `seconds`.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise LogUnavailable(f"Kafka took longer than {seconds:g} s {doing}") from None
    except FROM_KAFKA as error:
        raise log_error(error, doing) from error
    except (AssertionError, AttributeError) as error:  # so aiokafka meets a cluster without brokers or controller
        log.exception("kafka.client_confused", doing=doing)
        raise LogUnavailable(f"Kafka failed {doing}: {error!r}") from error
    except OSError as error:
        raise LogUnavailable(f"Kafka failed {doing}: {error!r}") from error
    except asyncio.CancelledError:
        if (task := asyncio.current_task()) and task.cancelling():
            raise  # we were cancelled: obey
        raise LogUnavailable(f"aiokafka gave up {doing}") from None  # it lets its own tasks' cancellation escape
