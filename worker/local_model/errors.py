"""What a client did that cannot be done, as OpenAI's service would say it."""


class ProtocolError(Exception):
    """Goes to the client as an `error` event; the session goes on. `code` and `param` are the service's own words."""

    def __init__(self, message: str, *, code: str = "invalid_value", param: str | None = None) -> None:
        super().__init__(message)
        self.message, self.code, self.param = message, code, param
