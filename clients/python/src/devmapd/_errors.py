# SPDX-License-Identifier: Apache-2.0
"""Failures of calls as exceptions, read from the details that the daemon sends."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import grpc

from devmapd import rpc, v1

_DETAILS = 'grpc-status-details-bin'
_DOMAIN = 'devmapd'
_BY_CODE: dict[str, type[DevmapdError]] = {}
_Message = TypeVar('_Message')


@dataclasses.dataclass(frozen=True)
class InvalidField:
    """A field of a request that is not valid."""

    field: str
    message: str


class DevmapdError(Exception):
    """A call failed. The daemon refused it if there is a code; otherwise it is NoAnswer."""

    code: str | None = None
    """The code of the catalogue, for instance ``revision_mismatch``."""

    def __init__(self, message: str, status: grpc.StatusCode) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.fields: list[InvalidField] = []
        """All fields that are not valid."""
        self.remedy: v1.Remedy | None = None
        """How to make the call succeed."""
        self.resource: str | None = None
        """The resource behind the error, for instance ``devmaps/default/entries/veth-a``."""
        self.errno: int | None = None
        """The kernel's error number; None if the kernel was not asked."""
        self.retry_after: float | None = None
        """After how many seconds the call may succeed; None if the daemon does not say."""
        self.verifier_log: str | None = None
        """The end of the verifier's log, if a program failed to load."""

    def __str__(self) -> str:
        text = f'{self.code}: {self.message}' if self.code else f'{self.status.name}: {self.message}'
        return f'{text} {self.remedy.summary}' if self.remedy else text


class NoAnswer(DevmapdError):
    """The daemon did not answer. A write may have happened or not."""


def register(code: str) -> Callable[[type[DevmapdError]], type[DevmapdError]]:
    """Makes a class the exception of a code."""

    def of(kind: type[DevmapdError]) -> type[DevmapdError]:
        kind.code = code
        _BY_CODE[code] = kind
        return kind

    return of


def from_rpc(failure: Any) -> DevmapdError:
    """Makes the exception of a failed call of gRPC."""
    message, status = failure.details() or '', failure.code()
    details = rpc.Status()
    for key, value in failure.trailing_metadata() or ():
        if key == _DETAILS:
            details.ParseFromString(value)
    info = _find(details, rpc.ErrorInfo)
    if info is None or info.domain != _DOMAIN:
        return NoAnswer(message, status)
    error = _BY_CODE.get(info.reason, DevmapdError)(message, status)
    error.code = info.reason
    error.resource = info.metadata.get('resource')
    error.errno = int(info.metadata['errno']) if 'errno' in info.metadata else None
    error.fields = [InvalidField(v.field, v.description) for v in (_find(details, rpc.BadRequest) or rpc.BadRequest()).field_violations]
    error.remedy = _find(details, v1.Remedy)
    if retry := _find(details, rpc.RetryInfo):
        error.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
    if debug := _find(details, rpc.DebugInfo):
        error.verifier_log = debug.detail
    return error


def _find(status: rpc.Status, kind: type[_Message]) -> _Message | None:
    """The detail of a type. The daemon calls google.rpc what is devmapd.rpc here."""
    name = kind.DESCRIPTOR.full_name.replace('devmapd.rpc.', 'google.rpc.')
    for detail in status.details:
        if detail.type_url.endswith('/' + name):
            return kind.FromString(detail.value)
    return None
