using System.Diagnostics;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>One entry by which full-size frames of one port go to another: what is done to it shows in the frames and in its status.</summary>
internal sealed class EntryTestbed : IAsyncDisposable
{
    /// <summary>The entry's key.</summary>
    public const string Key = "10.0.0.7";

    /// <summary>The path of the entry.</summary>
    public const string EntryPath = $"/v1/devmaps/{Testbed.ByAddress}/entries/{Key}";

    private const int Headers = 28; // of IPv4 and UDP
    private const int Attempts = 5;

    private EntryTestbed(Testbed testbed, string mode, Port ingress, Port target) => (Testbed, Mode, Ingress, Target) = (testbed, mode, ingress, target);

    public Testbed Testbed { get; }

    /// <summary>How the redirect program is attached.</summary>
    public string Mode { get; }

    public Port Ingress { get; }

    public Port Target { get; set; }

    public string DevmapPins => $"{Testbed.Runner.PinRoot}/devmaps/{Testbed.ByAddress}";

    /// <summary>Makes it, and shows that frames arrive.</summary>
    public static async Task<EntryTestbed> StartAsync(string mode)
    {
        var testbed = await Testbed.StartAsync();
        try
        {
            var entryTestbed = new EntryTestbed(testbed, mode, testbed.AddPort(), testbed.AddPort());
            await testbed.Http.AttachAsync(Testbed.ByAddress, entryTestbed.Ingress.Name, mode);
            await testbed.Http.PutEntryAsync(Testbed.ByAddress, Key, entryTestbed.Target.Name);
            Assert.Equal("Forwarding", (await entryTestbed.StatusAsync()).State);
            entryTestbed.AssertArrive();
            return entryTestbed;
        }
        catch
        {
            await testbed.DisposeAsync();
            throw;
        }
    }

    public async Task<EntryStatus> StatusAsync() => (await Testbed.Http.EntryAsync(Testbed.ByAddress, Key)).Status;

    /// <summary>Waits until the entry is in this state, and tells how long that took.</summary>
    public async Task<TimeSpan> BecomesAsync(string state)
    {
        var clock = Stopwatch.StartNew();
        await Eventually.Async(async () => (await StatusAsync()).State == state, what: $"the entry is {state}");
        return clock.Elapsed;
    }

    /// <summary>Frames as long as the MTU allows arrive.</summary>
    public void AssertArrive()
    {
        // A receive ring that has just been made or unmade may still lose a frame.
        var attempts = 1;
        while (Arriving() == 0)
            Assert.True(attempts++ < Attempts, "no frame arrives");
    }

    /// <summary>Frames as long as the MTU allows are lost, and counted as what became of them.</summary>
    /// <param name="missed">Whether they find no entry.</param>
    /// <param name="dropped">As what the kernel counts them after the redirect; null where it does not.</param>
    public async Task AssertLostAsync(bool missed, string? dropped = null)
    {
        var before = await TalliesAsync();
        var sent = 0ul;
        for (; sent < 3; sent++)
            Assert.Equal(0, Arriving());
        var wanted = before.Plus(missed ? new Tallies(0, sent, 0, []) : new Tallies(sent, 0, sent, dropped is null ? [] : new() { [dropped] = sent }));
        await Eventually.Async(async () => wanted.Equals(await TalliesAsync()), what: $"counted: {wanted}");
        if (missed)
            Assert.Contains((await Testbed.Http.DevmapAsync(Testbed.ByAddress)).Status.MissedKeys, k => k.Key == Key);
    }

    /// <summary>Writes the entry's element as somebody else could.</summary>
    public void WriteByHand(uint ifindex, string? programPin = null) => ForeignWriter.Write(Testbed.Space, DevmapPins, 0x0a000007, ifindex, programPin);

    public ValueTask DisposeAsync() => Testbed.DisposeAsync();

    /// <summary>How many of some frames to this address arrive.</summary>
    public int Arriving(string address = Key)
    {
        var run = FrameMark.NewRun();
        return Ingress.Send([Frames.Udp(new FrameMark(run, 0), address, 1500 - Headers)], run, Target)[0].Count;
    }

    private async Task<Tallies> TalliesAsync()
    {
        var devmap = (await Testbed.Http.DevmapAsync(Testbed.ByAddress)).Status;
        var entry = (await Testbed.Http.ListAsync(Testbed.ByAddress)).SingleOrDefault(e => e.Key == Key);
        return new Tallies(
            devmap.Traffic.RedirectedPackets, devmap.Traffic.MissedPackets, entry?.Status.Packets ?? 0, Drops(devmap.Drops));
    }

    // What fails behind the queue of a device is told by device, for its queue serves all devmaps.
    private static Dictionary<string, ulong> Drops(DevmapDrops drops) =>
        drops.Causes.Select(c => (c.Cause, c.Packets)).Concat(drops.Targets.Select(t => (t.Drops.Cause, t.Drops.Packets)))
            .GroupBy(d => d.Cause, d => d.Packets).ToDictionary(g => g.Key, g => g.Max());

    private sealed record Tallies(ulong Redirected, ulong Missed, ulong OfEntry, Dictionary<string, ulong> Drops)
    {
        public Tallies Plus(Tallies more) => new(
            Redirected + more.Redirected,
            Missed + more.Missed,
            OfEntry + more.OfEntry,
            Drops.Concat(more.Drops).GroupBy(d => d.Key, d => d.Value).ToDictionary(g => g.Key, g => g.Aggregate(0ul, (sum, n) => sum + n)));

        public bool Equals(Tallies? other) => ToString() == other?.ToString();

        public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

        public override string ToString() =>
            $"{Redirected} redirected, {Missed} missed, {OfEntry} of the entry, dropped {string.Join(", ", Drops.OrderBy(d => d.Key).Select(d => $"{d.Value} {d.Key}"))}";
    }
}
