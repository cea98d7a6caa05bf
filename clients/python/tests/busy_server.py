# SPDX-License-Identifier: Apache-2.0
"""A server that refuses calls as often as a test says, for what a daemon does only under load."""

import contextlib
from concurrent import futures

import grpc

from devmapd import rpc, v1

BUSY = rpc.Status(code=8, message='The queue is full.')
BUSY.details.add(type_url='type.googleapis.com/google.rpc.ErrorInfo', value=rpc.ErrorInfo(reason='writer_busy', domain='devmapd').SerializeToString())
_RETRY = rpc.RetryInfo()
_RETRY.retry_delay.FromMilliseconds(20)
BUSY.details.add(type_url='type.googleapis.com/google.rpc.RetryInfo', value=_RETRY.SerializeToString())


class Server(grpc.GenericRpcHandler):
    def __init__(self):
        self.calls = []
        self.refusals = 0
        self.answers_nothing = False

    def service(self, details):
        def answer(request, context):
            self.calls.append(details.method)
            if len(self.calls) <= self.refusals:
                if not self.answers_nothing:
                    context.set_trailing_metadata([('grpc-status-details-bin', BUSY.SerializeToString())])
                context.abort(grpc.StatusCode.UNAVAILABLE if self.answers_nothing else grpc.StatusCode.RESOURCE_EXHAUSTED, BUSY.message)
            return v1.PutEntryResponse(created=True).SerializeToString()

        return grpc.unary_unary_rpc_method_handler(answer)


@contextlib.contextmanager
def start():
    server, handler = grpc.server(futures.ThreadPoolExecutor(2)), Server()
    server.add_generic_rpc_handlers([handler])
    port = server.add_insecure_port('127.0.0.1:0')
    server.start()
    try:
        yield handler, f'http://127.0.0.1:{port}'
    finally:
        server.stop(None).wait()
