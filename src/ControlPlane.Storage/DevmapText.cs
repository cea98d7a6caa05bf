using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Core.Model;

namespace ControlPlane.Storage;

/// <summary>The settings of devmaps as the store has them: a JSON object. Builds before schema 12 wrote the text of a record, which no build read.</summary>
internal static class DevmapText
{
    private const string OldStart = "DevmapSpec {";

    /// <summary>Returns the text of settings.</summary>
    public static string Of(DevmapSpec spec) => new JsonObject
    {
        ["maxEntries"] = spec.MaxEntries,
        ["valueSize"] = spec.ValueSize,
        ["numaNode"] = spec.NumaNode,
        ["keySelector"] = spec.KeySelector.Name,
        ["missAction"] = spec.MissAction.ToString(),
        ["counters"] = spec.Counters,
        ["ensureTargets"] = spec.EnsureTargets.ToString(),
        ["completeChecksums"] = spec.CompleteChecksums.ToString(),
        ["redirectPeer"] = spec.RedirectPeer.ToString(),
        ["labels"] = new JsonObject(spec.Labels.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value))),
        ["owner"] = spec.Owner,
    }.ToJsonString();

    /// <summary>Reads settings.</summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    public static DevmapSpec Parse(string text)
    {
        try
        {
            var spec = new DevmapSpec();
            foreach (var (name, value) in text.StartsWith(OldStart, StringComparison.Ordinal) ? OldMembers(text) : Members(text))
                spec = With(spec, name, value);
            return spec;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException or OverflowException)
        {
            throw new FormatException($"the settings {text} cannot be read: {e.Message}", e);
        }
    }

    private static DevmapSpec With(DevmapSpec spec, string name, string? value) => name switch
    {
        "maxEntries" => spec with { MaxEntries = uint.Parse(value!, CultureInfo.InvariantCulture) },
        "valueSize" => spec with { ValueSize = uint.Parse(value!, CultureInfo.InvariantCulture) },
        "numaNode" => spec with { NumaNode = value is null ? null : uint.Parse(value, CultureInfo.InvariantCulture) },
        "keySelector" => spec with { KeySelector = KeySelector.Set.Named(value!) },
        "missAction" => spec with { MissAction = Enum.Parse<MissAction>(value!) },
        "counters" => spec with { Counters = bool.Parse(value!) },
        "ensureTargets" => spec with { EnsureTargets = Enum.Parse<EnsureTargets>(value!) },
        "completeChecksums" => spec with { CompleteChecksums = Enum.Parse<CompleteChecksums>(value!) },
        "redirectPeer" => spec with { RedirectPeer = Enum.Parse<RedirectPeer>(value!) },
        "labels" => spec with { Labels = StoredText.Labels(value!) },
        "owner" => spec with { Owner = value },
        _ => throw new FormatException($"'{name}' is not a setting that this version knows"),
    };

    private static List<(string Name, string? Value)> Members(string text)
    {
        using var document = JsonDocument.Parse(text);
        return [.. document.RootElement.EnumerateObject().Select(m => (m.Name, m.Value.ValueKind == JsonValueKind.Null ? null : m.Value.ToString()))];
    }

    // DevmapSpec { MaxEntries = 65536, NumaNode = , KeySelector = Vlan, ... }
    private static IEnumerable<(string Name, string? Value)> OldMembers(string text)
    {
        foreach (var member in text[OldStart.Length..].TrimEnd('}', ' ').Split(',', StringSplitOptions.TrimEntries))
        {
            if (member.Split('=', 2, StringSplitOptions.TrimEntries) is not [{ Length: > 0 } name, var value])
                throw new FormatException($"'{member}' is not a setting");
            yield return (Camel(name), value.Length == 0 ? null : name == nameof(DevmapSpec.KeySelector) ? Camel(value) : value);
        }
    }

    private static string Camel(string word) => char.ToLowerInvariant(word[0]) + word[1..];
}
