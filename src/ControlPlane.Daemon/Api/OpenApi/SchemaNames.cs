using System.Reflection;
using System.Text.Json.Serialization;
using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;
using ControlPlane.Daemon.Api.Rest.Json;

namespace ControlPlane.Daemon.Api.OpenApi;

/// <summary>The names of schemas: those of the proto messages, where there is such a message.</summary>
internal static class SchemaNames
{
    /// <summary>The member that says which event an event is.</summary>
    public const string Discriminator = "type";

    private static readonly Dictionary<Type, string> EventTypes = typeof(WatchEvent).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .ToDictionary(d => d.DerivedType, d => (string)d.TypeDiscriminator!)
        .Append(KeyValuePair.Create(typeof(EndedEvent), "ended"))
        .ToDictionary();

    private static readonly Dictionary<Type, string> Others = new()
    {
        [typeof(KeyCounters)] = "EntryCounters",
        [typeof(DevmapCounters)] = "DevmapTraffic",
        [typeof(RemedyResource)] = "Remedy",
        [typeof(EgressProgramChoice)] = "SetEgressProgramRequest",
        [typeof(EgressProgramSwap)] = "SetEgressProgramResponse",
        [typeof(EntryBatch)] = "ApplyEntriesRequest",
        [typeof(BatchOutcome)] = "ApplyEntriesResponse",
        [typeof(DesiredEntries)] = "ReplaceEntriesRequest",
        [typeof(ReplaceOutcome)] = "ReplaceEntriesResponse",
        [typeof(PutWithoutState)] = "PutEntryResponse",
        [typeof(WaitOutcome)] = "WaitEntriesResponse",
        [typeof(RecordedChange)] = "Change",
        [typeof(TokenRequest)] = "CreateTokenRequest",
        [typeof(CreatedToken)] = "CreateTokenResponse",
    };

    /// <summary>The types of events with their words.</summary>
    public static IReadOnlyDictionary<Type, string> Events => EventTypes;

    /// <summary>Returns the name of a schema.</summary>
    public static string Of(Type type) =>
        EventTypes.TryGetValue(type, out var word) ? $"{char.ToUpperInvariant(word[0])}{word[1..]}Event"
        : Others.TryGetValue(type, out var name) ? name
        : type.Name;

    /// <summary>Returns the types of events; none for other types.</summary>
    public static IEnumerable<Type> EventsOf(Type type) => type == typeof(WatchEvent) ? EventTypes.Keys : [];

    /// <summary>Returns the value of the discriminator; null for a type that is no event.</summary>
    public static string? EventTypeOf(Type type) => EventTypes.GetValueOrDefault(type);
}
