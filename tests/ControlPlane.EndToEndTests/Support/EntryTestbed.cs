using System.Diagnostics;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>A testbed with one entry, which forwards full-size frames from one port to another.</summary>
internal sealed class EntryTestbed : IAsyncDisposable
{
    /// <summary>The entry's key.</summary>
    public const string Key = "10.0.0.7";

    /// <summary>The path of the entry.</summary>
    public const string EntryPath = $"/v1/devmaps/{Testbed.ByAddress}/entries/{Key}";

    private const int Headers = 28; // of IPv4 and UDP
    private const int Attempts = 5;

    private readonly HashSet<uint> _earlierTargets; // of other tests, which the daemon still counts

    private EntryTestbed(Testbed testbed, string mode, Port ingress, Port target, HashSet<uint> earlierTargets) =>
        (Testbed, Mode, Ingress, Target, _earlierTargets) = (testbed, mode, ingress, target, earlierTargets);

    public Testbed Testbed { get; }

    /// <summary>The attach mode of the ingress.</summary>
    public string Mode { get; }

    public Port Ingress { get; }

    public Port Target { get; set; }

    public string DevmapPins => $"{Testbed.Runner.PinRoot}/devmaps/{Testbed.ByAddress}";

    /// <summary>Makes the ports, the attachment and the entry, and shows that frames arrive.</summary>
    /// <param name="testbed">The testbed, which this disposes of.</param>
    /// <param name="mode">The attach mode.</param>
    public static async Task<EntryTestbed> CreateAsync(Testbed testbed, string mode)
    {
        try
        {
            var known = (await testbed.Http.DevmapAsync(Testbed.ByAddress)).Status.Drops.Targets.Select(t => t.Ifindex);
            var entryTestbed = new EntryTestbed(testbed, mode, testbed.AddPort(), testbed.AddPort(), [.. known]);
            await testbed.Http.AttachAsync(Testbed.ByAddress, entryTestbed.Ingress.Name, mode);
            await testbed.Http.PutEntryAsync(Testbed.ByAddress, Key, entryTestbed.Target.Name);
            Assert.Equal("Forwarding", (await entryTestbed.StatusAsync()).State);
            entryTestbed.AssertArrives();
            return entryTestbed;
        }
        catch
        {
            await testbed.DisposeAsync();
            throw;
        }
    }

    public async Task<EntryStatus> StatusAsync() => (await Testbed.Http.EntryAsync(Testbed.ByAddress, Key)).Status;

    /// <summary>Waits until the entry is in this state, and returns how long that took.</summary>
    public async Task<TimeSpan> BecomesAsync(string state)
    {
        var clock = Stopwatch.StartNew();
        await Eventually.Async(async () => (await StatusAsync()).State == state, what: $"the entry is {state}");
        return clock.Elapsed;
    }

    /// <summary>Asserts that a frame as long as the MTU allows arrives.</summary>
    public void AssertArrives(string address = Key)
    {
        // A receive ring that was just made or removed may still lose a frame.
        var attempts = 1;
        while (Send(1, address, expected: 1) == 0)
            Assert.True(attempts++ < Attempts, "no frame arrives");
    }

    /// <summary>Asserts that a frame as long as the MTU allows does not arrive.</summary>
    public void AssertDoesNotArrive(string address = Key) => Assert.Equal(0, Send(1, address, expected: 0));

    /// <summary>Asserts that frames as long as the MTU allows are lost, and counted under their cause.</summary>
    /// <param name="missed">Whether they find no entry.</param>
    /// <param name="dropped">The cause under which the kernel counts them after the redirect; null if it does not.</param>
    public async Task AssertLostAsync(bool missed, string? dropped = null)
    {
        const int Sent = 3;
        var before = await TalliesAsync();
        Assert.Equal(0, Send(Sent, Key, expected: 0));
        var change = missed
            ? new Tallies(Redirected: 0, Sent, Sent, OfEntry: 0, [])
            : new Tallies(Sent, Missed: 0, MissedOfKey: 0, Sent, dropped is null ? [] : new() { [dropped] = Sent });
        var expected = before.Plus(change);
        await Eventually.Async(async () => expected.Equals(await TalliesAsync()), what: $"counted: {expected}");
    }

    /// <summary>Writes the entry's element without the daemon.</summary>
    public void WriteByHand(uint ifindex, string? programPin = null) => ForeignWriter.Write(Testbed.Space, DevmapPins, 0x0a000007, ifindex, programPin);

    public ValueTask DisposeAsync() => Testbed.DisposeAsync();

    private int Send(int count, string address, int expected)
    {
        var run = FrameMark.NewRun();
        IEnumerable<byte[]> frames = Enumerable.Range(0, count).Select(n => Frames.Udp(new FrameMark(run, (ulong)n), address, 1500 - Headers));
        return (expected == 0 ? Ingress.Send(frames, run, Target)[0] : Ingress.Send(frames, run, Target, expected)).Count;
    }

    private async Task<Tallies> TalliesAsync()
    {
        var devmap = (await Testbed.Http.DevmapAsync(Testbed.ByAddress)).Status;
        var entry = (await Testbed.Http.ListAsync(Testbed.ByAddress)).SingleOrDefault(e => e.Key == Key);
        return new Tallies(
            devmap.Traffic.RedirectedPackets,
            devmap.Traffic.MissedPackets,
            devmap.MissedKeys.SingleOrDefault(k => k.Key == Key)?.Packets ?? 0,
            entry?.Status.Packets ?? 0,
            Drops(devmap.Drops));
    }

    // Losses behind the queue of a device are counted by device, because its queue serves all devmaps.
    private Dictionary<string, ulong> Drops(DevmapDrops drops) =>
        drops.Causes.Select(c => (c.Cause, c.Packets))
            .Concat(drops.Targets.Where(t => !_earlierTargets.Contains(t.Ifindex)).Select(t => (t.Drops.Cause, t.Drops.Packets)))
            .GroupBy(d => d.Cause, d => d.Packets).ToDictionary(g => g.Key, g => g.Max());

    private sealed record Tallies(ulong Redirected, ulong Missed, ulong MissedOfKey, ulong OfEntry, Dictionary<string, ulong> Drops)
    {
        public Tallies Plus(Tallies more) => new(
            Redirected + more.Redirected,
            Missed + more.Missed,
            MissedOfKey + more.MissedOfKey,
            OfEntry + more.OfEntry,
            Drops.Concat(more.Drops).GroupBy(d => d.Key, d => d.Value).ToDictionary(g => g.Key, g => g.Aggregate(0ul, (sum, n) => sum + n)));

        public bool Equals(Tallies? other) => ToString() == other?.ToString();

        public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

        public override string ToString() =>
            $"{Redirected} redirected, {Missed} missed, {MissedOfKey} of the key, {OfEntry} of the entry, dropped {string.Join(", ", Drops.OrderBy(d => d.Key).Select(d => $"{d.Value} {d.Key}"))}";
    }
}
