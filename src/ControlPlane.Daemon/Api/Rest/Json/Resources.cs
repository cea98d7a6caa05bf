using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Waiting;

namespace ControlPlane.Daemon.Api.Rest.Json;

/// <summary>All devmaps.</summary>
/// <param name="Devmaps">The devmaps, in order of their names.</param>
internal sealed record DevmapList(IReadOnlyList<Devmap> Devmaps);

/// <summary>The attachments of a devmap.</summary>
/// <param name="Attachments">The attachments, in order of the interfaces' names.</param>
internal sealed record AttachmentList(IReadOnlyList<Attachment> Attachments);

/// <summary>All egress programs.</summary>
/// <param name="Programs">The egress programs, in order of their names.</param>
internal sealed record EgressProgramList(IReadOnlyList<EgressProgram> Programs);

/// <summary>All leases.</summary>
/// <param name="Leases">The leases, in order of their names.</param>
internal sealed record LeaseList(IReadOnlyList<Lease> Leases);

/// <summary>All tokens.</summary>
/// <param name="Tokens">The tokens, in order of their names.</param>
internal sealed record TokenList(IReadOnlyList<Token> Tokens);

/// <summary>All interfaces.</summary>
/// <param name="Interfaces">The interfaces, in order of their index.</param>
internal sealed record InterfaceList(IReadOnlyList<Interface> Interfaces);

/// <summary>The answer to the PUT of an entry that does not forward at the end of the wait. The write has happened.</summary>
/// <param name="Entry">The entry at the end of the wait. Others may have written it meanwhile.</param>
/// <param name="Created">Whether the entry was new. False when it existed, changed or not.</param>
/// <param name="WaitSatisfied">Whether the entry forwards at the end of the wait.</param>
/// <param name="Unsatisfied">The entry with the reason, if it does not.</param>
internal sealed record PutWithoutState(Entry Entry, bool Created, bool WaitSatisfied, IReadOnlyList<UnsatisfiedEntry> Unsatisfied);

/// <summary>The egress program that all entries for an interface must have.</summary>
/// <param name="EgressProgram">The name of the egress program. Null or omitted for none.</param>
internal sealed record EgressProgramChoice(string? EgressProgram);

/// <summary>The last event of a stream, which says why the stream ends. REST only: a gRPC stream ends with a status.</summary>
/// <param name="Type">The type of the event.</param>
/// <param name="Problem">Why the stream ends.</param>
internal sealed record EndedEvent([property: JsonPropertyOrder(-1)] string Type, Problem Problem);

/// <summary>An error, as RFC 9457 problem details. Members without a value are omitted.</summary>
internal sealed record Problem
{
    /// <summary>The page that describes the code, relative to this API.</summary>
    public required string Type { get; init; }

    /// <summary>A short sentence that is the same for every error with this code.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status of the answer.</summary>
    public required int Status { get; init; }

    /// <summary>This error in a sentence, with the names that matter.</summary>
    public required string Detail { get; init; }

    /// <summary>The path of the request.</summary>
    public required string Instance { get; init; }

    /// <summary>The stable code for programs.</summary>
    public required string Code { get; init; }

    /// <summary>Every wrong field of the request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FieldViolation>? Errors { get; init; }

    /// <summary>The kernel's errno, positive, where the kernel refused.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Errno { get; init; }

    /// <summary>The way out for the caller.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RemedyResource? Remedy { get; init; }

    /// <summary>The resource that the error is about.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Resource { get; init; }

    /// <summary>The whole log of the kernel's verifier, when a program failed to load.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? VerifierLog { get; init; }

    /// <summary>The id of the request in the daemon's log, and in the header X-Request-Id of the answer.</summary>
    public required string RequestId { get; init; }
}

/// <summary>How to mend a condition or an error.</summary>
/// <param name="Summary">The instruction, in a sentence for people.</param>
/// <param name="Commands">Shell commands to paste, in order. Empty when no command helps.</param>
/// <param name="Request">A call of this API to make. Null when no call helps.</param>
internal sealed record RemedyResource(string Summary, IReadOnlyList<string> Commands, RemedyRequest? Request)
{
    /// <summary>Returns the remedy of Core as REST shows it.</summary>
    public static RemedyResource? Of(Remedy? remedy) =>
        remedy is null ? null : new(remedy.Summary, remedy.Commands, remedy.Call is { } call ? RemedyRequest.Of(call) : null);
}

/// <summary>A call of this API that is part of a remedy.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path with its query.</param>
/// <param name="Body">The body. Null for none.</param>
internal sealed record RemedyRequest(string Method, string Path, JsonObject? Body)
{
    /// <summary>Returns the call as a request of REST.</summary>
    public static RemedyRequest Of(OperationCall call) => new(CallText.OperationOf(call).RestMethod, CallText.RestPath(call), call.Body());
}
