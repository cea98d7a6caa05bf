using System.Globalization;
using ControlPlane.Core.Errors;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>Renders an <see cref="Error"/> as google.rpc.Status, in the trailers of an <see cref="RpcException"/>.</summary>
internal static class ErrorStatus
{
    /// <summary>The domain of every ErrorInfo.</summary>
    public const string Domain = "devmapd";

    // Trailers are HTTP/2 headers, and clients bound those: gRPC's C core takes 8 KiB by default. These keep the whole,
    // which is sent in base64, below that.
    private const int MaxMessageChars = 1024;
    private const int MaxViolationBytes = 2048;
    private const int MaxRemedyBytes = 1024;
    private const int MaxVerifierLogChars = 1024;

    /// <summary>Returns the exception that gives a call this status.</summary>
    /// <param name="error">The error.</param>
    /// <param name="request">The request, whose names of fields the status uses; null when it is unknown.</param>
    /// <param name="cause">The exception behind the error, for the log.</param>
    public static RpcException Of(Error error, MessageDescriptor? request = null, Exception? cause = null)
    {
        var code = CodeOf(error);
        var status = new Google.Rpc.Status { Code = (int)code, Message = Message(error, request) };
        status.Details.Add(Any.Pack(Info(error)));
        if (error.Remedy is { } remedy)
            status.Details.Add(Any.Pack(Remedy(remedy)));
        if (error.Fields.Count > 0)
            status.Details.Add(Any.Pack(Fields(error.Fields, request)));
        if (code == StatusCode.FailedPrecondition)
            status.Details.Add(Any.Pack(Precondition(error)));
        if (error.Code.IsTemporary())
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(error.RetryAfter ?? TimeSpan.FromSeconds(1)) }));
        if (error.VerifierLog is { Length: > 0 } log)
            status.Details.Add(Any.Pack(new DebugInfo { Detail = End(log) }));
        return new RpcException(new global::Grpc.Core.Status(code, status.Message, cause), Trailers(status));
    }

    /// <summary>Returns the status code of an error.</summary>
    public static StatusCode CodeOf(Error error) => error.Code switch
    {
        ErrorCode.InvalidArgument => StatusCode.InvalidArgument,
        ErrorCode.DevmapNotFound or ErrorCode.EntryNotFound or ErrorCode.ProgramNotFound or ErrorCode.AttachmentNotFound or ErrorCode.LeaseNotFound or ErrorCode.TokenNotFound
            or ErrorCode.ConfirmationNotFound => StatusCode.NotFound,
        ErrorCode.EgressProgramConflict or ErrorCode.KeyConflict or ErrorCode.AttachConflict or ErrorCode.ProgramInUse or ErrorCode.OwnedByOther or ErrorCode.TooManyDeletions
            or ErrorCode.ConfirmationPending or ErrorCode.DevmapInUse or ErrorCode.DevmapReadOnly => StatusCode.FailedPrecondition,
        ErrorCode.AlreadyExists => StatusCode.AlreadyExists,
        ErrorCode.RevisionMismatch => StatusCode.Aborted,
        ErrorCode.RevisionCompacted => StatusCode.OutOfRange,
        ErrorCode.InterfaceNotFound when error.IsAddressed => StatusCode.NotFound,
        ErrorCode.InterfaceNotFound or ErrorCode.InterfaceUnsuitable or ErrorCode.IdempotencyKeyReused => StatusCode.FailedPrecondition,
        ErrorCode.WriterBusy or ErrorCode.TooManyConnections or ErrorCode.TooManyStreams or ErrorCode.DevmapFull or ErrorCode.TooManyDevmaps => StatusCode.ResourceExhausted,
        ErrorCode.KernelFailure => StatusCode.Internal,
        ErrorCode.NotSupported => StatusCode.Unimplemented,
        ErrorCode.ShuttingDown or ErrorCode.StoreUnavailable => StatusCode.Unavailable,
        ErrorCode.Unauthenticated => StatusCode.Unauthenticated,
        ErrorCode.PermissionDenied => StatusCode.PermissionDenied,
        ErrorCode.PathNotFound => StatusCode.NotFound,
        ErrorCode.RequestTooLarge => StatusCode.ResourceExhausted,
        ErrorCode.InternalError => StatusCode.Internal,
        // Only HTTP gives these two; gRPC calls an unknown method unimplemented.
        ErrorCode.MethodNotAllowed or ErrorCode.UnsupportedMediaType => StatusCode.Unimplemented,
        _ => throw new ArgumentOutOfRangeException(nameof(error), error.Code, "not in the catalogue"),
    };

    private static ErrorInfo Info(Error error)
    {
        var info = new ErrorInfo { Domain = Domain, Reason = error.Code.Text() };
        if (error.Errno is { } errno)
            info.Metadata["errno"] = errno.ToString(CultureInfo.InvariantCulture);
        if (error.Resource is { } resource)
            info.Metadata["resource"] = resource;
        return info;
    }

    private static Devmapd.V1.Remedy Remedy(Remedy remedy)
    {
        var message = RemedyMessages.Of(remedy);
        return message.CalculateSize() <= MaxRemedyBytes ? message : new() { Summary = Start(remedy.Summary, MaxRemedyBytes / 4) };
    }

    private static BadRequest Fields(IReadOnlyList<FieldViolation> violations, MessageDescriptor? request)
    {
        var bad = new BadRequest();
        var bytes = 0;
        foreach (var violation in violations)
        {
            var added = new BadRequest.Types.FieldViolation { Field = FieldPath.ToProto(violation.Field, request), Description = Start(violation.Message, 512) };
            bytes += added.CalculateSize();
            if (bytes > MaxViolationBytes && bad.FieldViolations.Count > 0)
                break;
            bad.FieldViolations.Add(added);
        }

        return bad;
    }

    private static PreconditionFailure Precondition(Error error) => new()
    {
        Violations =
        {
            new PreconditionFailure.Types.Violation
            {
                Type = error.Code.Text(), Subject = error.Resource ?? "", Description = Start(error.Detail, MaxMessageChars),
            },
        },
    };

    /// <summary>The detail. That of invalid fields has the names of the contract.</summary>
    private static string Message(Error error, MessageDescriptor? request) => Start(
        error is { Code: ErrorCode.InvalidArgument, Fields.Count: > 0 }
            ? string.Join("; ", error.Fields.Select(f => $"{FieldPath.ToProto(f.Field, request)}: {f.Message}"))
            : error.Detail,
        MaxMessageChars);

    private static string Start(string text, int chars) => text.Length <= chars ? text : $"{text[..chars]}...";

    /// <summary>The end of a verifier's log is where it says what it refuses.</summary>
    private static string End(string log) => log.Length <= MaxVerifierLogChars ? log : $"...{log[^MaxVerifierLogChars..]}";

    private static Metadata Trailers(Google.Rpc.Status status)
    {
        var trailers = new Metadata();
        trailers.SetRpcStatus(status);
        return trailers;
    }
}
