using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using static ControlPlane.Core.Errors.ErrorCode;

namespace ControlPlane.Core.Api;

/// <summary>The effect of an operation on its resource.</summary>
public enum Verb
{
    /// <summary>Reads many.</summary>
    List,

    /// <summary>Reads one.</summary>
    Get,

    /// <summary>Creates or changes one.</summary>
    Put,

    /// <summary>Creates one.</summary>
    Create,

    /// <summary>Deletes one.</summary>
    Delete,

    /// <summary>Streams changes.</summary>
    Watch,

    /// <summary>Does something else.</summary>
    Act,
}

/// <summary>One operation of the API, the same by REST and by gRPC.</summary>
/// <param name="Id">The name, in camelCase: the OpenAPI operation id.</param>
/// <param name="Verb">The effect on the resource.</param>
/// <param name="Resource">The resource: <c>devmaps</c>, <c>entries</c>, <c>attachments</c>, <c>programs</c>, <c>interfaces</c>, <c>leases</c>, <c>tokens</c>, <c>changes</c>, <c>state</c>, <c>host</c>.</param>
/// <param name="Role">The role that the caller needs.</param>
/// <param name="Rest">Method and path template of REST.</param>
/// <param name="Grpc">Service and method of gRPC, without the package.</param>
/// <param name="Summary">A title.</param>
/// <param name="Description">A description of the operation.</param>
/// <param name="Errors">The codes that the operation can give.</param>
public sealed record Operation(
    string Id,
    Verb Verb,
    string Resource,
    Role Role,
    string Rest,
    string Grpc,
    string Summary,
    string Description,
    IReadOnlyList<ErrorCode> Errors)
{
    /// <summary>The codes that every operation can give, beside its own.</summary>
    public static IReadOnlyList<ErrorCode> CommonErrors { get; } = [Unauthenticated, PermissionDenied, TooManyConnections];

    /// <summary>Most bytes of a request.</summary>
    public int MaxRequestBytes { get; init; } = 64 * 1024;

    /// <summary>Most bytes of a message of gRPC: the default of its clients and servers at most.</summary>
    public int MaxMessageBytes => Math.Min(MaxRequestBytes, 4 * 1024 * 1024);

    /// <summary>Whether the operation writes several resources in one call. Each of them then has its own precondition.</summary>
    public bool WritesMany { get; init; }

    /// <summary>Whether the caller can mark a call with a key, so that a repeat gets the first answer.</summary>
    public bool TakesIdempotencyKey => Errors.Contains(IdempotencyKeyReused);

    /// <summary>Whether a request can have a precondition on the resource that it addresses.</summary>
    public bool HasPrecondition => Errors.Contains(RevisionMismatch) && !WritesMany;

    /// <summary>Whether the operation writes entries and checks the caller's limits for each: a token with limits may make these writes alone.</summary>
    public bool ChecksEachEntry => Resource == "entries" && (WritesMany || Verb is Verb.Put or Verb.Delete);

    /// <summary>Whether the operation writes leases and checks the owners in the caller's limits: a token with limits may make these writes too.</summary>
    public bool ChecksOwner => Resource == "leases" && Role == Role.Operator;

    /// <summary>Service and method of gRPC, without the package, that do the same in messages of one stream; null for none.</summary>
    public string? GrpcStream { get; init; }

    /// <summary>The codes that <see cref="GrpcStream"/> can give, beside those of the operation.</summary>
    public static IReadOnlyList<ErrorCode> StreamErrors { get; } = [TooManyStreams, ShuttingDown];

    /// <summary>Whether the operation reads many entries, which keeps a processor busy.</summary>
    public bool ReadsManyEntries => Resource == "entries" && Verb == Verb.List;

    /// <summary>Whether the operation waits for its turn with the writer.</summary>
    public bool WaitsForWriter => Errors.Contains(WriterBusy);

    /// <summary>The method of REST.</summary>
    public string RestMethod => Rest[..Rest.IndexOf(' ', StringComparison.Ordinal)];

    /// <summary>The path template of REST, with parameters such as <c>{devmap}</c>.</summary>
    public string RestPath => Rest[(Rest.IndexOf(' ', StringComparison.Ordinal) + 1)..];
}
