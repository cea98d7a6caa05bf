using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>The parts of a devmap's capacity from which on it warns.</summary>
/// <param name="WarnPercent">The part in percent from which on the capacity is low. 1 .. 100.</param>
/// <param name="CriticalPercent">The part in percent from which on it is critical. 1 .. 100.</param>
public sealed record CapacityOptions(int WarnPercent = 80, int CriticalPercent = 95);

/// <summary>How much room a devmap has.</summary>
internal enum CapacityLevel
{
    /// <summary>There is room.</summary>
    Available,

    /// <summary>There is little room.</summary>
    Low,

    /// <summary>There is very little room.</summary>
    Critical,

    /// <summary>There is none.</summary>
    Exhausted,
}

/// <summary>Judges how much room a devmap has.</summary>
internal static class Capacity
{
    /// <summary>Returns the level of a devmap with so many entries.</summary>
    public static CapacityLevel LevelOf(int entries, uint maxEntries, CapacityOptions options)
    {
        var percent = 100L * entries;
        return entries >= maxEntries ? CapacityLevel.Exhausted
            : percent >= (long)maxEntries * options.CriticalPercent ? CapacityLevel.Critical
            : percent >= (long)maxEntries * options.WarnPercent ? CapacityLevel.Low
            : CapacityLevel.Available;
    }

    /// <summary>Returns the condition of a devmap.</summary>
    public static Condition Judge(DevmapState devmap)
    {
        var (entries, most) = (devmap.Entries.Count, devmap.Definition.Spec.MaxEntries);
        var message = string.Create(CultureInfo.InvariantCulture, $"The devmap has {entries} of at most {most} entries, which is {100L * entries / most} %.");
        var condition = devmap.Room == CapacityLevel.Available
            ? ConditionTypes.CapacityAvailable.True("RoomLeft", message)
            : ConditionTypes.CapacityAvailable.False(
                devmap.Room switch
                {
                    CapacityLevel.Low => "CapacityLow",
                    CapacityLevel.Critical => "CapacityCritical",
                    _ => "CapacityExhausted",
                },
                devmap.Room == CapacityLevel.Exhausted ? $"{message} It takes no more." : message,
                CommonRemedies.MakeRoom(devmap.Definition.Name));
        return condition with { LastTransitionTime = devmap.RoomSince };
    }
}
