"""What goes in and out of OpenAI's chat completions, as the OpenAPI description shows it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from libqa.service.schema import QUESTION

MODEL = "libqa"
"""The one model there is."""


class Part(BaseModel):
    """A part of a message; only text can be read."""

    model_config = ConfigDict(extra="allow")
    type: Annotated[str, Field(examples=["text"])]
    text: str | None = None


class Said(BaseModel):
    """A message of the conversation."""

    model_config = ConfigDict(extra="allow")
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None


class StreamOptions(BaseModel):
    """What a stream should also tell."""

    model_config = ConfigDict(extra="allow")
    include_usage: bool | None = None


class Asked(BaseModel):
    """A request for a chat completion; other fields of OpenAI's are accepted and change nothing."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [{"model": MODEL, "messages": [{"role": "user", "content": QUESTION}], "stream": False}]
        },
    )
    model: Annotated[str, Field(examples=[MODEL])]
    messages: Annotated[list[Said], Field(min_length=1, max_length=1000)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=1)] | None = None


ERRORS = {
    400: "The body cannot be read.",
    401: "The token is needed and not there.",
    403: "A page of another site asks.",
    413: "The request is too large.",
    421: "The service has no such host name.",
    422: "No question, too long a one, something that is no text, or a wrong parameter.",
    429: "Too many requests; Retry-After says when to come back.",
    503: "The index cannot be read.",
}


class Detail(BaseModel):
    """An error as OpenAI tells it."""

    message: str
    type: str
    param: str | None
    code: str | None


class Failure(BaseModel):
    """An error."""

    error: Detail


class Model(BaseModel):
    """A model that can be asked."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class Models(BaseModel):
    """The one model that there is."""

    object: Literal["list"]
    data: list[Model]


class Completion(BaseModel):
    """A chat completion; `libqa` holds the answer as `/api/ask` gives it."""

    model_config = ConfigDict(extra="allow")
    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: dict[str, int]


CHUNK = {
    "type": "object",
    "required": ["data"],
    "properties": {"data": {"type": "string", "description": "A `chat.completion.chunk` as JSON, or `[DONE]`."}},
}
