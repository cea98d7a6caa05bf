using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;
using Devmapd.V1;
using Spectre.Console;

namespace ControlPlane.Cli.Commands;

/// <summary><c>devmapctl top</c>: the entries with the most traffic, live.</summary>
internal sealed class TopCommand : CtlCommand
{
    private readonly Option<string> _interval = new("--interval") { Description = "The time between two looks. 1s unless given.", HelpName = "TIME", DefaultValueFactory = _ => "1s" };
    private readonly Option<int?> _count = new("--count") { Description = "End after so many looks; without a terminal after one.", HelpName = "N" };
    private readonly Option<int?> _rows = new("--rows") { Description = "The most entries to show. 20 unless given.", HelpName = "N" };
    private readonly Option<string[]> _labels = CommonOptions.Selector();
    private readonly Option<string?> _owner = CommonOptions.Owner("Only entries of this owner.");

    public TopCommand()
        : base("top", "Show the entries with the most traffic: frames and bits per second, live.")
    {
        foreach (var option in new Option[] { _interval, _count, _rows, _labels, _owner })
            Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var (interval, left) = (CommonOptions.Span(call.Get(_interval)!), call.Get(_count) ?? (call.Terminal.IsTerminal ? int.MaxValue : 1));
        var rates = new EntryRates();
        await LookAsync(call, rates);
        var console = call.Terminal.Drawing();
        if (!call.Terminal.IsTerminal)
        {
            while (left-- > 0)
            {
                await Task.Delay(interval, call.Cancellation);
                await LookAsync(call, rates);
                console.Write(Table(call, rates));
            }

            return ExitCodes.Ok;
        }

        try
        {
            await console.Live(Table(call, rates)).AutoClear(false).StartAsync(async live =>
            {
                while (left-- > 0)
                {
                    await Task.Delay(interval, call.Cancellation);
                    await LookAsync(call, rates);
                    live.UpdateTarget(Table(call, rates));
                }
            });
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is the way to end it.
        }

        return ExitCodes.Ok;
    }

    private async Task LookAsync(Call call, EntryRates rates)
    {
        var request = new ListCountersRequest { Devmap = call.Devmap, Label = { call.Get(_labels) ?? [] } };
        if (call.Get(_owner) is { } owner)
            request.Owner = owner;
        var now = Stopwatch.GetTimestamp();
        await foreach (var counters in call.Client.ListCountersAsync(request, call.Cancellation))
            rates.Add(counters, now);
        rates.Forget(now);
    }

    private Table Table(Call call, EntryRates rates)
    {
        var table = new Table { Border = TableBorder.None, Title = new TableTitle(string.Create(CultureInfo.InvariantCulture, $"devmap {call.Devmap}: {rates.Count} entries, {Readable.Short(rates.Packets)} frames/s, {Readable.Short(rates.Bits)}bit/s")) };
        foreach (var header in new[] { "KEY", "FRAMES/S", "BIT/S", "DROPS/S", "FRAMES", "HISTORY" })
            table.AddColumn(new TableColumn(header) { Alignment = header is "KEY" or "HISTORY" ? Justify.Left : Justify.Right, NoWrap = true });
        foreach (var rate in rates.Top(call.Get(_rows) ?? 20))
        {
            table.AddRow(
                new Text(rate.Key), new Text(Readable.Short(rate.Packets)), new Text(Readable.Short(rate.Bits)),
                new Text(Readable.Short(rate.Drops), new Style(rate.Drops > 0 ? Color.Red : Color.Default)),
                new Text(Readable.Count(rate.Total)), new Text(Sparkline(rate.History), new Style(Color.Green)));
        }

        return table;
    }

    /// <summary>Values as bars, the largest as a full one.</summary>
    internal static string Sparkline(IReadOnlyCollection<double> values)
    {
        const string Bars = "▁▂▃▄▅▆▇█";
        var most = values.Count == 0 ? 0 : values.Max();
        return string.Concat(values.Select(v => most <= 0 ? Bars[0] : Bars[(int)Math.Min(Math.Round(v / most * (Bars.Length - 1)), Bars.Length - 1)]));
    }
}

/// <summary>The rates of entries, from counters at several times.</summary>
internal sealed class EntryRates
{
    private const int Kept = 20;
    private readonly Dictionary<string, Rate> _rates = new(StringComparer.Ordinal);

    /// <summary>The number of entries.</summary>
    public int Count => _rates.Count;

    /// <summary>Frames per second of all.</summary>
    public double Packets => _rates.Values.Sum(r => r.Packets);

    /// <summary>Bits per second of all.</summary>
    public double Bits => _rates.Values.Sum(r => r.Bits);

    /// <summary>Takes the counters of an entry.</summary>
    /// <param name="counters">The counters.</param>
    /// <param name="time">When they were read, a timestamp of <see cref="Stopwatch"/>.</param>
    public void Add(EntryCounters counters, long time)
    {
        if (!_rates.TryGetValue(counters.Key, out var rate))
        {
            _rates[counters.Key] = new Rate(counters.Key) { Time = time, Total = counters.Packets, Bytes = counters.Bytes, Dropped = counters.Drops };
            return;
        }

        var seconds = Math.Max(Stopwatch.GetElapsedTime(rate.Time, time).TotalSeconds, 1e-6);
        // Counters begin again when an entry was deleted and made again.
        rate.Packets = counters.Packets >= rate.Total ? (counters.Packets - rate.Total) / seconds : 0;
        rate.Bits = counters.Bytes >= rate.Bytes ? (counters.Bytes - rate.Bytes) * 8 / seconds : 0;
        rate.Drops = counters.Drops >= rate.Dropped ? (counters.Drops - rate.Dropped) / seconds : 0;
        (rate.Time, rate.Total, rate.Bytes, rate.Dropped) = (time, counters.Packets, counters.Bytes, counters.Drops);
        rate.History.Enqueue(rate.Packets);
        if (rate.History.Count > Kept)
            rate.History.Dequeue();
    }

    /// <summary>Forgets entries that were not read at a time.</summary>
    public void Forget(long time)
    {
        foreach (var old in _rates.Values.Where(r => r.Time != time).ToList())
            _rates.Remove(old.Key);
    }

    /// <summary>The entries with the most traffic.</summary>
    public IEnumerable<Rate> Top(int count) =>
        _rates.Values.OrderByDescending(r => r.Packets).ThenByDescending(r => r.Total).ThenBy(r => r.Key, StringComparer.Ordinal).Take(count);

    /// <summary>The rates of one entry, per second.</summary>
    internal sealed class Rate(string key)
    {
        public string Key { get; } = key;

        public double Packets { get; set; }

        public double Bits { get; set; }

        public double Drops { get; set; }

        public ulong Total { get; set; }

        public ulong Bytes { get; set; }

        public ulong Dropped { get; set; }

        public long Time { get; set; }

        public Queue<double> History { get; } = new();
    }
}
