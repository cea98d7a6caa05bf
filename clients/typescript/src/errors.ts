// SPDX-License-Identifier: Apache-2.0

import { fromBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import { Code as Status, ConnectError } from '@connectrpc/connect';
import type { Code } from './gen/codes.js';
import { BadRequestSchema, DebugInfoSchema, ErrorInfoSchema, RetryInfoSchema } from './gen/devmapd/rpc/details_pb.js';
import { RemedySchema, type Remedy } from './gen/devmapd/v1/condition_pb.js';

/** A field of a request that is not valid. */
export interface InvalidField {
  /** Its path in the request, for instance `spec.interface`. */
  field: string;
  message: string;
}

/** A call failed. The daemon refused it if there is a code; otherwise it did not answer: a write may have happened or not. */
export class DevmapdError extends Error {
  override readonly name = 'DevmapdError';
  /** The code of the catalogue, for instance `revision_mismatch`. */
  readonly code?: Code;
  /** The status of the call. */
  readonly status: Status;
  /** All fields that are not valid. */
  readonly fields: InvalidField[] = [];
  /** How to make the call succeed. */
  readonly remedy?: Remedy;
  /** The resource behind the error, for instance `devmaps/default/entries/veth-a`. */
  readonly resource?: string;
  /** The kernel's error number. */
  readonly errno?: number;
  /** After how many milliseconds the call may succeed. */
  readonly retryAfterMs?: number;
  /** The end of the verifier's log, if a program failed to load. */
  readonly verifierLog?: string;

  constructor(cause: ConnectError) {
    super(cause.rawMessage, { cause });
    // A socket that nobody listens on is Internal otherwise.
    this.status = cause.cause instanceof Error && 'syscall' in cause.cause ? Status.Unavailable : cause.code;
    const info = detail(cause, 'google.rpc.ErrorInfo', ErrorInfoSchema);
    if (info?.domain !== 'devmapd')
      return;
    this.code = info.reason;
    this.resource = info.metadata['resource'];
    this.errno = info.metadata['errno'] === undefined ? undefined : Number(info.metadata['errno']);
    const bad = detail(cause, 'google.rpc.BadRequest', BadRequestSchema);
    this.fields = (bad?.fieldViolations ?? []).map((v) => ({ field: v.field, message: v.description }));
    this.remedy = detail(cause, RemedySchema.typeName, RemedySchema);
    const retry = detail(cause, 'google.rpc.RetryInfo', RetryInfoSchema)?.retryDelay;
    this.retryAfterMs = retry && durationMs(retry);
    this.verifierLog = detail(cause, 'google.rpc.DebugInfo', DebugInfoSchema)?.detail;
  }
}

/** The error of a failed call. What is no error of a call stays as it is, and a call that its caller has aborted throws the reason. */
export function translate(error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted && error instanceof ConnectError && error.code === Status.Canceled)
    return signal.reason;
  return error instanceof ConnectError ? new DevmapdError(error) : error;
}

function detail<T extends DescMessage>(error: ConnectError, type: string, schema: T): MessageShape<T> | undefined {
  for (const found of error.details)
    if ('type' in found && found.type === type && found.value instanceof Uint8Array)
      return fromBinary(schema, found.value);
  return undefined;
}

export const durationMs = (duration: Duration) => Number(duration.seconds) * 1000 + duration.nanos / 1e6;
