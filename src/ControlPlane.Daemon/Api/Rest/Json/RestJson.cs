using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ControlPlane.Core.Api;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Core.Waiting;
using ControlPlane.Core.Watching;

namespace ControlPlane.Daemon.Api.Rest.Json;

/// <summary>Core's views as JSON: the shape of REST is the shape of the views. Generated code, no reflection.</summary>
[JsonSerializable(typeof(EntryList))]
[JsonSerializable(typeof(EntryView))]
[JsonSerializable(typeof(StatusEvents))]
[JsonSerializable(typeof(CounterList))]
[JsonSerializable(typeof(DevmapList))]
[JsonSerializable(typeof(DevmapSpec))]
[JsonSerializable(typeof(DevmapShape))]
[JsonSerializable(typeof(AuditReport))]
[JsonSerializable(typeof(Explanation))]
[JsonSerializable(typeof(Probe))]
[JsonSerializable(typeof(EntryBatch))]
[JsonSerializable(typeof(BatchOutcome))]
[JsonSerializable(typeof(DesiredEntries))]
[JsonSerializable(typeof(ReplaceOutcome))]
[JsonSerializable(typeof(Confirmation))]
[JsonSerializable(typeof(PutWithoutState))]
[JsonSerializable(typeof(WaitOutcome))]
[JsonSerializable(typeof(WaitState))]
[JsonSerializable(typeof(AttachmentList))]
[JsonSerializable(typeof(EgressProgramList))]
[JsonSerializable(typeof(EgressProgramSwap))]
[JsonSerializable(typeof(EgressProgramChoice))]
[JsonSerializable(typeof(LeaseList))]
[JsonSerializable(typeof(LeaseSpec))]
[JsonSerializable(typeof(KeptLease))]
[JsonSerializable(typeof(TokenList))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(CreatedToken))]
[JsonSerializable(typeof(ChangeList))]
[JsonSerializable(typeof(ChangeOrder))]
[JsonSerializable(typeof(ReplaceMode))]
[JsonSerializable(typeof(RevertOutcome))]
[JsonSerializable(typeof(StateDocument))]
[JsonSerializable(typeof(StateOutcome))]
[JsonSerializable(typeof(InterfaceList))]
[JsonSerializable(typeof(Core.Model.Host))]
[JsonSerializable(typeof(WatchEvent))]
[JsonSerializable(typeof(EndedEvent))]
[JsonSerializable(typeof(ConditionStatus))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(RemedyResource))]
internal sealed partial class RestJson : JsonSerializerContext
{
    /// <summary>
    /// The instance to use. Letters beyond ASCII are written as they are: answers are never part of an HTML page, and interfaces may
    /// have such names.
    /// </summary>
    public static RestJson Instance { get; } = new(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters =
        {
            // States are in PascalCase, all other enums in camelCase.
            new JsonStringEnumConverter<EntryState>(),
            new JsonStringEnumConverter<AttachmentState>(),
            new JsonStringEnumConverter<ConditionStatus>(),
            new JsonStringEnumConverter<TokenState>(),
            new JsonStringEnumConverter<WaitState>(),
            new JsonStringEnumConverter<Role>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<AttachMode>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<BatchMode>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<ItemOutcome>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<PlannedAction>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<ConfirmationPhase>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<ChangeOrder>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<ReplaceMode>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<ChangedKind>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<CompleteChecksums>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<DeclaredIn>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<DriftKind>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<DropCause>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<EnsureTargets>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<EntryView>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<StatusEvents>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<ExplainOutcome>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<MissAction>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<RedirectPeer>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<OnInterfaceGone>(JsonNamingPolicy.CamelCase),
            new JsonStringEnumConverter<Promiscuous>(JsonNamingPolicy.CamelCase),
            new ConditionConverter(),
            new DurationConverter(),
            new ExplainStepConverter(),
            new LabelsConverter(),
            new MacAddressConverter(),
            new OpenSets(),
            new ParametersConverter(),
            new TimestampConverter(),
            new VerdictConverter(),
            new XdpFeaturesConverter(),
        },
    });

    /// <summary>Returns whether the values of the type are words of a fixed list.</summary>
    public static bool IsWord(Type type) => type.IsEnum || OpenSets.WordsOf(type) is not null;

    /// <summary>Returns the words of an enum or open set as REST writes them: states in PascalCase, all others in camelCase.</summary>
    public static string[] WordsOf(Type type)
    {
        if (OpenSets.WordsOf(type) is { } words)
            return words;
        var names = Enum.GetNames(type);
        return type == typeof(EntryState) || type == typeof(AttachmentState) || type == typeof(ConditionStatus) || type == typeof(TokenState)
            || type == typeof(WaitState) ? names : [.. names.Select(JsonNamingPolicy.CamelCase.ConvertName)];
    }
}
