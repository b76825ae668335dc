"""What providers' own words for a failure mean for the next attempt."""

from collections.abc import Mapping

from worker.line.events import Failure

# https://platform.openai.com/docs/guides/error-codes, and the codes that sessions end with
CODES: Mapping[str, Failure] = {
    "insufficient_quota": Failure.QUOTA,
    "credit_balance_exhausted": Failure.QUOTA,
    "billing_hard_limit_reached": Failure.QUOTA,
    "invalid_api_key": Failure.AUTH,
    "account_deactivated": Failure.AUTH,
    "model_not_found": Failure.AUTH,
    "rate_limit_exceeded": Failure.RATE_LIMIT,
    "session_expired": Failure.SESSION,
    "server_error": Failure.OVERLOAD,
    "content_policy_violation": Failure.CONTENT,
}
