using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Rest.Reading;

namespace ControlPlane.Daemon.Rest;

/// <summary>An answer an operation gives when it goes well.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The type of the resource in its body; null for none.</param>
/// <param name="Description">When it is given.</param>
internal sealed record OperationAnswer(int Status, Type? Body, string Description);

/// <summary>An answer that is a stream of events, each of which has such a resource as its data.</summary>
internal sealed record OperationStream(int Status, Type Data, string Description);

/// <summary>The operation also answers with a page for people, as text.</summary>
internal sealed record OperationText;

/// <summary>A header the operation takes.</summary>
internal sealed record OperationHeader(string Name, string Description);

/// <summary>The type of an operation's request body.</summary>
internal sealed record OperationBody(Type Type);

/// <summary>The codes of the catalogue an operation can fail with.</summary>
internal sealed record OperationFailures(IReadOnlyList<ErrorCode> Codes);

/// <summary>The operation takes <c>If-Match</c>, and <c>If-None-Match: *</c> where it can create.</summary>
internal sealed record OperationPreconditions;

/// <summary>
/// What an endpoint says of itself beside its handler. The OpenAPI document is made of it, and the query reader knows the
/// parameters by it, so that the two cannot differ.
/// </summary>
internal static class OperationMetadata
{
    private static readonly string[] ReadMethods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Codes that every write can give.</summary>
    private static readonly ErrorCode[] OfWrites =
    [
        ErrorCode.WriterBusy, ErrorCode.KernelFailure, ErrorCode.StoreUnavailable, ErrorCode.ShuttingDown,
    ];

    /// <summary>Maps a read: GET, and HEAD beside it.</summary>
    public static RouteHandlerBuilder MapRead(this IEndpointRouteBuilder routes, string pattern, Delegate handler) =>
        routes.MapMethods(pattern, ReadMethods, handler);

    /// <summary>Names and describes the operation.</summary>
    public static RouteHandlerBuilder Described(this RouteHandlerBuilder operation, string id, string summary, string description) =>
        operation.WithName(id).WithSummary(summary).WithDescription(description);

    /// <summary>Says what its query may have.</summary>
    public static RouteHandlerBuilder Takes(this RouteHandlerBuilder operation, params QueryParameter[] parameters) =>
        operation.WithMetadata([.. parameters]);

    /// <summary>Says what its body is.</summary>
    public static RouteHandlerBuilder TakesBody<T>(this RouteHandlerBuilder operation) =>
        operation.WithMetadata(new OperationBody(typeof(T)));

    /// <summary>Says what it answers.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder operation, int status, string description) =>
        operation.WithMetadata(new OperationAnswer(status, typeof(T), description));

    /// <summary>Says that it also answers with a page for people.</summary>
    public static RouteHandlerBuilder AnswersText(this RouteHandlerBuilder operation) => operation.WithMetadata(new OperationText());

    /// <summary>Says that it answers with Server-Sent Events.</summary>
    public static RouteHandlerBuilder Streams<T>(this RouteHandlerBuilder operation, string description) =>
        operation.WithMetadata(new OperationStream(StatusCodes.Status200OK, typeof(T), description));

    /// <summary>Says which header it takes.</summary>
    public static RouteHandlerBuilder TakesHeader(this RouteHandlerBuilder operation, string name, string description) =>
        operation.WithMetadata(new OperationHeader(name, description));

    /// <summary>Says that it answers with 204 and no body.</summary>
    public static RouteHandlerBuilder AnswersNothing(this RouteHandlerBuilder operation, string description) =>
        operation.WithMetadata(new OperationAnswer(StatusCodes.Status204NoContent, null, description));

    /// <summary>Says how it can fail, beside <c>invalid_argument</c>.</summary>
    public static RouteHandlerBuilder Fails(this RouteHandlerBuilder operation, params ErrorCode[] codes) =>
        operation.WithMetadata(new OperationFailures([ErrorCode.InvalidArgument, .. codes]));

    /// <summary>Says how a write can fail, beside what every write can fail with.</summary>
    public static RouteHandlerBuilder FailsAsWrite(this RouteHandlerBuilder operation, params ErrorCode[] codes) =>
        operation.FailsAsAction([.. codes, ErrorCode.RevisionMismatch]).WithMetadata(new OperationPreconditions());

    /// <summary>Says how a write without preconditions can fail, beside what every write can fail with.</summary>
    public static RouteHandlerBuilder FailsAsAction(this RouteHandlerBuilder operation, params ErrorCode[] codes) =>
        operation.Fails([.. codes, .. OfWrites]);
}
