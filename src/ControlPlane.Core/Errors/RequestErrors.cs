using System.Globalization;

namespace ControlPlane.Core.Errors;

/// <summary>The errors that belong to no single kind of resource.</summary>
public static class RequestErrors
{
    /// <summary>A validation error: a request that needs a body has none.</summary>
    public const string BodyMissing = "is missing; it must be a JSON object";

    private const int MostItemsNamed = 10, MostFields = 100;

    /// <summary>A validation error: the operation has no such parameter.</summary>
    /// <param name="known">The parameters of the operation.</param>
    public static string UnknownParameter(IReadOnlyCollection<string> known) =>
        $"is not a parameter of this operation; it takes {(known.Count == 0 ? "none" : string.Join(", ", known))}";

    /// <summary>Fields of the request are wrong.</summary>
    public static Error Invalid(IReadOnlyList<FieldViolation> fields) => new(
        ErrorCode.InvalidArgument,
        string.Join("; ", fields.Take(MostFields).Select(f => $"{f.Field}: {f.Message}"))
            + (fields.Count > MostFields ? string.Create(CultureInfo.InvariantCulture, $"; and {fields.Count - MostFields} more") : ""))
        {
            Fields = fields.Count > MostFields ? [.. fields.Take(MostFields)] : fields,
        };

    /// <summary>The key marks another call of this caller already.</summary>
    /// <param name="key">The key.</param>
    /// <param name="time">When the other call was made.</param>
    public static Error IdempotencyKeyReused(string key, DateTimeOffset time) =>
        new(ErrorCode.IdempotencyKeyReused, string.Create(CultureInfo.InvariantCulture, $"The key '{key}' marks another call, which was made at {time.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}."))
        {
            Remedy = new Remedy("Repeat that call as it was, or use a new key for this one."),
        };

    /// <summary>An item of a batch is no write.</summary>
    public static Error NeitherPutNorDelete() => new(ErrorCode.InvalidArgument, "An item must have either 'put' or 'delete'.");

    /// <summary>Items of a call that is made as a whole are refused. The error has the code of the first of them and the fields of all.</summary>
    /// <param name="refused">The items by their place in the request, with the reasons.</param>
    public static Error OfItems(IReadOnlyList<(string Path, Error Error)> refused)
    {
        var first = refused[0].Error;
        return first with
        {
            Detail = string.Join(' ', refused.Take(MostItemsNamed).Select(r => $"{r.Path}: {r.Error.Detail}"))
                + (refused.Count > MostItemsNamed ? string.Create(CultureInfo.InvariantCulture, $" There are {refused.Count - MostItemsNamed} more reasons.") : "")
                + " Nothing was changed.",
            Fields = [.. refused.SelectMany(FieldsOf).Take(MostFields)],
            IsAddressed = false,
        };
    }

    /// <summary>Returns the wrong fields of an item by their places in the request; the item itself if none is to blame.</summary>
    public static IEnumerable<FieldViolation> FieldsOf((string Path, Error Error) item) => item.Error.Fields.Count == 0
        ? [new FieldViolation(item.Path, item.Error.Detail)]
        : item.Error.Fields.Select(f => f with { Field = $"{item.Path}.{(f.Field is "devmap" or "key" or "expectedRevision" ? "" : "spec.")}{f.Field}" });

    /// <summary>The resource exists, and the caller asked for it not to.</summary>
    public static Error AlreadyExists(string resource, long revision) =>
        new(ErrorCode.AlreadyExists, string.Create(CultureInfo.InvariantCulture, $"'{resource}' exists, at revision {revision}."))
        {
            Resource = resource,
        };

    /// <summary>The write would change or delete a resource of another owner.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="owner">The owner of the resource; null for none.</param>
    /// <param name="writer">The owner that the write is for; null for none.</param>
    /// <param name="deletes">Whether the resource would be deleted.</param>
    public static Error OwnedByOther(string resource, string? owner, string? writer, bool deletes) => new(
        ErrorCode.OwnedByOther,
        $"'{resource}' {(owner is null ? "has no owner" : $"has the owner '{owner}'")}; the call would {(deletes ? "delete" : "change")} it for {(writer is null ? "no owner" : $"'{writer}'")}.")
    {
        Resource = resource,
        Remedy = new Remedy(
            $"If you manage it, repeat the call {(owner is null ? "without an owner" : $"with the owner '{owner}'")}. If not, force=true takes it over."),
    };

    /// <summary>The resource has another revision than the caller expects.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="current">The revision of the resource; null when it does not exist.</param>
    /// <param name="expected">The revisions of which one was expected; null when any was.</param>
    public static Error RevisionMismatch(string resource, long? current, IReadOnlyList<long>? expected)
    {
        var found = current is null ? "does not exist" : string.Create(CultureInfo.InvariantCulture, $"is at revision {current}");
        var expectation = expected switch
        {
            null => "it was expected to exist",
            { Count: 0 } => "the request names no revision",
            _ => $"revision {string.Join(" or ", expected)} was expected",
        };
        return new Error(ErrorCode.RevisionMismatch, $"'{resource}' {found}; {expectation}.")
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

    /// <summary>The caller has too many changes in the writer's queue.</summary>
    public static Error WriterBusyForCaller(string caller, int waiting) =>
        new(ErrorCode.WriterBusy, string.Create(CultureInfo.InvariantCulture, $"{waiting} changes of this caller ({caller}) are waiting already."))
        {
            RetryAfter = TimeSpan.FromSeconds(1),
            Remedy = new Remedy("Wait for answers before you send more changes."),
        };

    /// <summary>All callers together have too many connections, and none is idle.</summary>
    public static Error TooManyConnections() => new(ErrorCode.TooManyConnections, "The daemon has as many connections as it takes, and none is idle.")
    {
        RetryAfter = TimeSpan.FromSeconds(1),
        Remedy = new Remedy("Try again later, or raise ControlPlane:Limits:Connections."),
    };

    /// <summary>The caller has too many connections, and none of them is idle.</summary>
    public static Error TooManyConnectionsOfCaller(string caller) =>
        new(ErrorCode.TooManyConnections, $"This caller ({caller}) has as many connections as it may have, and none is idle.")
        {
            RetryAfter = TimeSpan.FromSeconds(1),
            Remedy = new Remedy("Use the connections that are open, or raise ControlPlane:Limits:ConnectionsPerCaller."),
        };

    /// <summary>All callers together have too many streams.</summary>
    public static Error TooManyStreams(int open) =>
        new(ErrorCode.TooManyStreams, string.Create(CultureInfo.InvariantCulture, $"{open} streams are open, as many as the daemon takes."))
        {
            RetryAfter = TimeSpan.FromSeconds(5),
            Remedy = new Remedy("Try again later, or raise ControlPlane:Limits:Streams."),
        };

    /// <summary>The caller has too many streams.</summary>
    public static Error TooManyStreamsOfCaller(string caller, int open) =>
        new(ErrorCode.TooManyStreams, string.Create(CultureInfo.InvariantCulture, $"{open} streams of this caller ({caller}) are open, as many as it may have."))
        {
            RetryAfter = TimeSpan.FromSeconds(5),
            Remedy = new Remedy("End a stream that is no longer needed, or raise ControlPlane:Limits:StreamsPerCaller."),
        };

    /// <summary>The store cannot take the change.</summary>
    public static Error StoreUnavailable(string why) =>
        new(ErrorCode.StoreUnavailable, $"The change cannot be made durable and was not made: {why}")
        {
            RetryAfter = TimeSpan.FromSeconds(5),
            Remedy = new Remedy("Give the store room or make it writable; then try again. Reads work meanwhile."),
        };

    /// <summary>The store's files are not those that the daemon opened.</summary>
    public static Error StoreLost(string why) =>
        new(ErrorCode.StoreUnavailable, $"The change cannot be made durable and was not made: {why}")
        {
            RetryAfter = TimeSpan.FromSeconds(30),
            Remedy = new Remedy(
                "Put the file back where it was: the daemon takes changes again by itself. Or stop the daemon, restore a backup with 'devmapd restore FILE', and start it. Reads and frames work meanwhile."),
        };

    /// <summary>A flush of the store failed in such a way that the change may be durable or not.</summary>
    public static Error StoreOutcomeUnknown(string why) =>
        new(ErrorCode.StoreUnavailable, $"It is not known whether the change is durable: {why} The daemon ends, and its next start reads what is.")
        {
            RetryAfter = TimeSpan.FromSeconds(5),
            Remedy = new Remedy("Read the resource when the daemon is back, and repeat the change if it is missing. Frames work meanwhile."),
        };

    /// <summary>The daemon stops and takes no more changes.</summary>
    public static Error ShuttingDown() => new(ErrorCode.ShuttingDown, "The daemon is shutting down and takes no more changes.")
    {
        Remedy = new Remedy("Try again when the daemon is back."),
    };

    /// <summary>The daemon stops, and the kernel has not all of a change that is stored.</summary>
    public static Error StopsBeforeTheEnd() => new(
        ErrorCode.ShuttingDown, "The daemon is shutting down. The change is stored, but the kernel has only a part of it; the next start writes the rest.")
    {
        Remedy = new Remedy("Read the entries when the daemon is back."),
    };

    /// <summary>The daemon stops and ends a stream.</summary>
    public static Error StreamEnds() => new(ErrorCode.ShuttingDown, "The daemon is shutting down; the stream ends.")
    {
        Remedy = new Remedy("Resume from the last revision when the daemon is back."),
    };

    /// <summary>The daemon stops and ends a wait.</summary>
    public static Error WaitEnds() => new(ErrorCode.ShuttingDown, "The daemon is shutting down; the wait ends.")
    {
        Remedy = new Remedy("Wait again when the daemon is back."),
    };

    /// <summary>The daemon failed.</summary>
    public static Error Internal() => new(ErrorCode.InternalError, "The daemon failed; its log has the exception under the id of the request.");

    /// <summary>The API has nothing at the path.</summary>
    public static Error PathNotFound(string path) => new(ErrorCode.PathNotFound, $"There is nothing at {path}; the API is described at /swagger.");

    /// <summary>The path does not take the method.</summary>
    public static Error MethodNotAllowed(string method, string allowed) =>
        new(ErrorCode.MethodNotAllowed, $"This path does not take {method}; it takes {allowed}.");

    /// <summary>The framework answered with a status before the request reached an operation.</summary>
    public static Error Unreached(int status) => new(
        status < 500 ? ErrorCode.InvalidArgument : ErrorCode.InternalError,
        string.Create(CultureInfo.InvariantCulture, $"The request was answered with status {status} before it reached an operation."));

    /// <summary>A gRPC message cannot be read.</summary>
    public static Error Malformed(string message, string why) =>
        new(ErrorCode.InvalidArgument, $"The request is not a well-formed {message} (strings must be UTF-8): {why}");

    /// <summary>The path takes no body of this type.</summary>
    public static Error BodyNotTaken(string? contentType) =>
        new(ErrorCode.UnsupportedMediaType, $"This path does not take a body of type '{contentType}'.");

    /// <summary>The body has another media type than JSON, or none.</summary>
    public static Error NotJson(string? contentType) => new(
        ErrorCode.UnsupportedMediaType,
        string.IsNullOrEmpty(contentType)
            ? "The body has no Content-Type; it must be application/json."
            : $"The body must be application/json in UTF-8, not '{contentType}'.");

    /// <summary>The body is encoded.</summary>
    public static Error Encoded(string encoding) =>
        new(ErrorCode.UnsupportedMediaType, $"The body must be sent as it is, without a Content-Encoding, not encoded as '{encoding}'.");

    /// <summary>The request names another host than this one.</summary>
    public static Error ForeignHost(string host) =>
        new(ErrorCode.PermissionDenied, $"The host '{host}' is not a name of this daemon; its names are localhost, 127.0.0.1 and [::1].");

    /// <summary>A web page of another origin asks for a change.</summary>
    public static Error ForeignOrigin(string origin) => new(ErrorCode.PermissionDenied, $"A page of '{origin}' must not change anything here.");

    /// <summary>A web page asks for a change, and the browser says that the page has another origin.</summary>
    public static Error ForeignSite(string site) =>
        new(ErrorCode.PermissionDenied, $"A page of another origin (Sec-Fetch-Site: {site}) must not change anything here.");

    /// <summary>The body is larger than the daemon reads.</summary>
    public static Error TooLarge(long maxBytes) =>
        new(ErrorCode.RequestTooLarge, string.Create(CultureInfo.InvariantCulture, $"The request is larger than {maxBytes} bytes."));
}
