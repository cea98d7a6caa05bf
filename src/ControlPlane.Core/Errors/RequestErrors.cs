using System.Globalization;

namespace ControlPlane.Core.Errors;

/// <summary>The errors that belong to no single kind of resource.</summary>
public static class RequestErrors
{
    /// <summary>Fields of the request are wrong.</summary>
    public static Error Invalid(IReadOnlyList<FieldViolation> fields) =>
        new(ErrorCode.InvalidArgument, string.Join("; ", fields.Select(f => $"{f.Field}: {f.Message}"))) { Fields = fields };

    /// <summary>The resource exists, and the caller asked for it not to.</summary>
    public static Error AlreadyExists(string resource, long revision) =>
        new(ErrorCode.AlreadyExists, string.Create(CultureInfo.InvariantCulture, $"'{resource}' exists, at revision {revision}."))
        {
            Resource = resource,
        };

    /// <summary>The resource has another revision than the caller expects.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="current">The revision of the resource; null when it does not exist.</param>
    /// <param name="expected">The revisions of which one was expected; null when any was.</param>
    public static Error RevisionMismatch(string resource, long? current, IReadOnlyList<long>? expected)
    {
        var found = current is null ? "does not exist" : string.Create(CultureInfo.InvariantCulture, $"is at revision {current}");
        var wanted = expected switch
        {
            null => "it was expected to exist",
            { Count: 0 } => "the request names no revision",
            _ => $"revision {string.Join(" or ", expected)} was expected",
        };
        return new Error(ErrorCode.RevisionMismatch, $"'{resource}' {found}; {expected}.")
        {
            Resource = resource,
            Remedy = new Remedy("Read the resource again and retry with its current revision."),
        };
    }

    /// <summary>The kernel refused for a reason that no check had foreseen.</summary>
    public static Error KernelRefused(KernelException e) => new(ErrorCode.KernelFailure, e.Message) { Errno = e.Errno, VerifierLog = e.VerifierLog };

    /// <summary>The writer's queue is full.</summary>
    public static Error WriterBusy(int waiting) =>
        new(ErrorCode.WriterBusy, string.Create(CultureInfo.InvariantCulture, $"{waiting} changes are waiting already."))
        {
            RetryAfter = TimeSpan.FromSeconds(1),
            Remedy = new Remedy("Try again later, or send fewer changes at once."),
        };

    /// <summary>The store cannot take the change.</summary>
    public static Error StoreUnavailable(string why) =>
        new(ErrorCode.StoreUnavailable, $"The change cannot be made durable and was not made: {why}")
        {
            RetryAfter = TimeSpan.FromSeconds(5),
            Remedy = new Remedy("Give the store room or make it writable; then try again. Reads work meanwhile."),
        };

    /// <summary>The daemon stops and takes no more changes.</summary>
    public static Error ShuttingDown() => new(ErrorCode.ShuttingDown, "The daemon is shutting down and takes no more changes.")
    {
        Remedy = new Remedy("Try again when the daemon is back."),
    };

    /// <summary>The daemon stops and ends a stream.</summary>
    public static Error StreamEnds() => new(ErrorCode.ShuttingDown, "The daemon is shutting down; the stream ends.")
    {
        Remedy = new Remedy("Resume from the last revision when the daemon is back."),
    };

    /// <summary>The daemon failed.</summary>
    public static Error Internal() => new(ErrorCode.InternalError, "The daemon failed; its log has the exception under the id of the request.");

    /// <summary>The API has nothing at the path.</summary>
    public static Error PathNotFound(string path) => new(ErrorCode.PathNotFound, $"There is nothing at {path}; the API is described at /swagger.");

    /// <summary>The path does not take the method.</summary>
    public static Error MethodNotAllowed(string method, string allowed) =>
        new(ErrorCode.MethodNotAllowed, $"This path does not take {method}; it takes {allowed}.");

    /// <summary>The body is larger than the daemon reads.</summary>
    public static Error TooLarge(long maxBytes) =>
        new(ErrorCode.RequestTooLarge, string.Create(CultureInfo.InvariantCulture, $"The request is larger than {maxBytes} bytes."));
}
