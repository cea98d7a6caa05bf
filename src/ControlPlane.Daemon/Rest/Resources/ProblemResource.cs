using System.Text.Json.Serialization;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>What went wrong, as RFC 9457 problem details. Members without a value are left out.</summary>
internal sealed class ProblemResource
{
    /// <summary>A stable URI of the kind of error, `urn:devmapd:error:` and the code.</summary>
    /// <example>urn:devmapd:error:invalid_argument</example>
    public required string Type { get; init; }

    /// <summary>A short sentence that is the same for every error of this kind.</summary>
    /// <example>The request has invalid fields.</example>
    public required string Title { get; init; }

    /// <summary>The HTTP status of the answer.</summary>
    /// <example>400</example>
    public required int Status { get; init; }

    /// <summary>This error in a sentence, with the names that matter.</summary>
    /// <example>interface: is required.</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }

    /// <summary>The path of the request.</summary>
    /// <example>/v1/devmaps/default/entries/lo</example>
    public required string Instance { get; init; }

    /// <summary>The stable code that programs compare.</summary>
    /// <example>invalid_argument</example>
    public required string Code { get; init; }

    /// <summary>Every wrong field of the request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IEnumerable<FieldProblemResource>? Errors { get; init; }

    /// <summary>The kernel's errno (positive), where the kernel refused.</summary>
    /// <example>22</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Errno { get; init; }

    /// <summary>What can be done about it, a command to paste where one exists.</summary>
    /// <example>Name an interface of the host: GET /v1/interfaces lists them.</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Remedy { get; init; }

    /// <summary>The resource at fault.</summary>
    /// <example>devmaps/default/entries/lo</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Resource { get; init; }

    /// <summary>The kernel verifier's whole log, when a program failed to load.</summary>
    /// <example>0: R1=ctx() R10=fp0</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? VerifierLog { get; init; }

    /// <summary>The id under which the daemon's log speaks of this request.</summary>
    /// <example>5f2c9a6b01d4e837</example>
    public required string RequestId { get; init; }
}
