using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>How resources become JSON: generated code, no reflection.</summary>
[JsonSerializable(typeof(EntryListResource))]
[JsonSerializable(typeof(EntryBody))]
[JsonSerializable(typeof(DevmapListResource))]
[JsonSerializable(typeof(AttachmentListResource))]
[JsonSerializable(typeof(AttachmentBody))]
[JsonSerializable(typeof(ProgramListResource))]
[JsonSerializable(typeof(ProgramBody))]
[JsonSerializable(typeof(InterfaceListResource))]
[JsonSerializable(typeof(HostResource))]
[JsonSerializable(typeof(ProblemResource))]
[JsonSerializable(typeof(WatchEventResource))]
[JsonSerializable(typeof(AuditReportResource))]
[JsonSerializable(typeof(DevmapShapeResource))]
[JsonSerializable(typeof(EgressProgramSwapBody))]
[JsonSerializable(typeof(EgressProgramSwapResource))]
[JsonSerializable(typeof(ExplanationResource))]
internal sealed partial class RestJson : JsonSerializerContext
{
    /// <summary>
    /// The one to use. Letters beyond ASCII are written as they are: the answers are never part of a page of HTML, and
    /// interfaces may well be named so.
    /// </summary>
    public static RestJson Instance { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters =
        {
            new JsonStringEnumConverter<DropCause>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<DriftKind>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<ExplainOutcome>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<EntryState>(),
            new JsonStringEnumConverter<AttachmentState>(),
            new JsonStringEnumConverter<AttachMode>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<KeySelector>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<EnsureTargets>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<MissAction>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<EgressTemplate>(JsonNamingPolicy.KebabCaseLower),
        },
    });
}
