"""Requests and replies as NestJS' transport over NATS writes them."""

import json
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

Request = TypeVar("Request", bound=BaseModel)


class Refused(Exception):
    """The other side asked for what it may not have, or in a form that nobody understands."""

    def __init__(self, code: str, message: str, error_class: Literal["refused", "transient"] = "refused") -> None:
        super().__init__(message)
        self.code = code
        self.error_class = error_class


def decode_request(data: bytes, request: type[Request]) -> Request:
    """Raises Refused `invalid_request`."""
    try:
        return request.model_validate(json.loads(data)["data"])
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise Refused("invalid_request", f"The request is not understood: {error}") from error


def _packet(envelope: dict[str, Any]) -> bytes:
    return json.dumps({"response": envelope, "isDisposed": True, "id": "0"}).encode()


def encode_reply(reply: BaseModel) -> bytes:
    return _packet({"ok": True, "reply": reply.model_dump(mode="json", by_alias=True)})


def encode_results(results: list[str]) -> bytes:
    """Of a call: each is JSON already."""
    text = ",".join(results)
    return f'{{"response":{{"ok":true,"reply":{{"results":[{text}]}}}},"isDisposed":true,"id":"0"}}'.encode()


def encode_refusal(refused: Refused) -> bytes:
    return _packet(
        {"ok": False, "error": {"code": refused.code, "class": refused.error_class, "message": str(refused)}}
    )


def encode_notice(notice: BaseModel) -> bytes:
    return notice.model_dump_json(by_alias=True).encode()
