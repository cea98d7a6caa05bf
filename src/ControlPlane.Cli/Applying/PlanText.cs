using System.Text.Json.Nodes;
using ControlPlane.Cli.Commands;
using ControlPlane.Cli.Output;
using ControlPlane.Cli.Running;
using Devmapd.V1;
using Google.Protobuf;

namespace ControlPlane.Cli.Applying;

/// <summary>A plan in words.</summary>
internal static class PlanText
{
    /// <summary>Prints each change in a line, with the fields that differ.</summary>
    public static void Print(Terminal terminal, IEnumerable<PlannedItem> plan)
    {
        foreach (var item in plan)
        {
            var colour = item.Action switch { PlannedAction.Create => 32, PlannedAction.Delete => 31, _ => 33 };
            var state = item.State is null ? "" : $"  {terminal.PaintState(item.State)}";
            terminal.Out.WriteLine($"{terminal.Paint($"{RevertCommand.Sign(item.Action)} {item.Resource}", colour)}{Change(item)}{state}");
        }
    }

    /// <summary>Warns of each change that would lose traffic.</summary>
    public static void Warn(Terminal terminal, IEnumerable<PlannedItem> plan)
    {
        foreach (var item in plan.Where(i => i.Warning is not null))
            terminal.Warn($"{item.Resource}: {item.Warning}");
    }

    private static string Change(PlannedItem item)
    {
        var (before, after) = (Fields(item.Before), Fields(item.After));
        if (item.Action == PlannedAction.Create)
            return after.Count == 0 ? "" : $"  {string.Join(", ", after.Select(f => $"{f.Key}: {f.Value}"))}";
        if (item.Action == PlannedAction.Delete)
            return "";
        return "  " + string.Join(", ", before.Keys.Union(after.Keys)
            .Where(name => before.GetValueOrDefault(name) != after.GetValueOrDefault(name))
            .Select(name => $"{name}: {before.GetValueOrDefault(name) ?? "none"} -> {after.GetValueOrDefault(name) ?? "none"}"));
    }

    private static Dictionary<string, string> Fields(IMessage? spec) =>
        spec is null ? [] : SpecJson.Of(spec).ToDictionary(f => f.Key, f => f.Value is JsonValue value ? value.ToString() : f.Value!.ToJsonString());
}
