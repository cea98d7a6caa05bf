using System.Diagnostics;
using System.Globalization;
using ControlPlane.Client;
using Devmapd.V1;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ControlPlane.Demo;

/// <summary>The table of entries as the API shows them, with rates, and with what arrived at the far end.</summary>
internal sealed class EntryTable(DevmapdClient client, Traffic traffic)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Dictionary<string, (double At, ulong Packets)> _before = [];

    /// <summary>The table as of now.</summary>
    public async Task<IRenderable> ReadAsync()
    {
        var table = new Table { Border = TableBorder.Rounded }.AddColumns("Devmap", "Key", "Interface", "Egress program", "State");
        foreach (var title in new[] { "Packets", "Bytes", "Packets/s", "Dropped", "Arrived" })
            table.AddColumn(new TableColumn(title).RightAligned());
        foreach (var devmap in DemoNetwork.Flows.GroupBy(f => f.Entry.Devmap))
        {
            await foreach (var entry in client.ListEntriesAsync(new() { Devmap = devmap.Key }))
                table.AddRow([.. Cells(entry, devmap.First(f => f.Entry.Key == entry.Key))]);
        }

        return table;
    }

    private IEnumerable<IRenderable> Cells(Entry entry, Flow flow)
    {
        var status = entry.Status;
        yield return new Text(entry.Devmap);
        yield return new Text(entry.Key);
        yield return new Text(entry.Spec.Interface);
        yield return new Text(entry.Spec.HasEgressProgram ? entry.Spec.EgressProgram : "");
        yield return State(status);
        yield return new Text(Number(status.Packets));
        yield return new Text(Number(status.Bytes));
        yield return new Text(Rate($"{entry.Devmap} {entry.Key}", status.Packets));
        yield return new Text(Number(status.Drops.Aggregate(0UL, (sum, drop) => sum + drop.Packets)));
        yield return new Text(Number(traffic.Arrived(flow)));
    }

    private static Text State(EntryStatus status)
    {
        var (name, color) = status.State switch
        {
            EntryState.Forwarding => ("Forwarding", Color.Green),
            EntryState.Pending => ("Pending", Color.Yellow),
            EntryState.Undeliverable => ("Undeliverable", Color.Yellow),
            _ => (status.State.ToString(), Color.Red),
        };
        // The reason of a state other than Forwarding is the first check that failed.
        var reason = status.State == EntryState.Forwarding ? null : status.Conditions.FirstOrDefault(c => c.Status == ConditionStatus.False)?.Reason;
        return new Text(reason is null ? name : $"{name} ({reason})", color);
    }

    private string Rate(string entry, ulong packets)
    {
        var now = _clock.Elapsed.TotalSeconds;
        var (at, before) = _before.GetValueOrDefault(entry, (now, packets));
        _before[entry] = (now, packets);
        return now > at && packets >= before ? Number((packets - before) / (now - at)) : "";
    }

    private static string Number<T>(T value) where T : IFormattable => value.ToString("N0", CultureInfo.InvariantCulture);
}
