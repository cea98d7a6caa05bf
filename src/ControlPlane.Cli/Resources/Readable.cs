using System.Globalization;
using Devmapd.V1;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace ControlPlane.Cli.Resources;

/// <summary>Values as people read them.</summary>
internal static class Readable
{
    private static readonly string[] Units = ["", "k", "M", "G", "T", "P"];

    /// <summary>A count: 1,234,567.</summary>
    public static string Count(ulong count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A number in three digits: 1.23M.</summary>
    public static string Short(double value)
    {
        var unit = 0;
        for (; value >= 999.5 && unit < Units.Length - 1; unit++)
            value /= 1000;
        return (unit == 0 || value >= 99.95 ? value.ToString("0", CultureInfo.InvariantCulture) : value.ToString(value >= 9.995 ? "0.0" : "0.00", CultureInfo.InvariantCulture)) + Units[unit];
    }

    /// <summary>Labels in one line.</summary>
    public static string Labels(MapField<string, string> labels) => string.Join(',', labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"));

    /// <summary>A time to the second.</summary>
    public static string Time(Timestamp? time) => time?.ToDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";

    /// <summary>The reason of the first condition that does not hold and decides; empty if all hold.</summary>
    public static string Reason(IEnumerable<Condition> conditions) =>
        (conditions.FirstOrDefault(c => c.Status == ConditionStatus.False) ?? conditions.FirstOrDefault(c => c.Status == ConditionStatus.Unknown))?.Reason ?? "";

    /// <summary>Whether a resource has all labels, each <c>name=value</c>.</summary>
    public static bool Has(this MapField<string, string> labels, IEnumerable<string> all) =>
        all.All(label => label.Split('=', 2) is [var name, var value] && labels.TryGetValue(name, out var has) && has == value);

    /// <summary>Actions in one line.</summary>
    public static string Actions(EntryActions? actions) => actions is null ? "" : string.Join(',', new[]
    {
        actions.HasSourceMac ? $"sourceMac={actions.SourceMac}" : null,
        actions.HasDestinationMac ? $"destinationMac={actions.DestinationMac}" : null,
        actions.HasSetVlan ? $"setVlan={actions.SetVlan}" : null,
        actions.HasPushVlan ? $"pushVlan={actions.PushVlan}" : null,
        actions.PopVlan ? "popVlan" : null,
        actions.DecrementTtl ? "decrementTtl" : null,
    }.OfType<string>());
}
