using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using ControlPlane.Client;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;
using Devmapd.V1;
using Xunit.Abstractions;

namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>
/// The daemon is killed (SIGKILL) at random moments of tables. A table has then happened whole or not at all, however far the kernel had followed,
/// and the next start makes the kernel match.
/// </summary>
/// <remarks>The environment variable <c>DEVMAPD_KILLS</c> sets the number of kills; the default is 4.</remarks>
[Trait("Group", "soak")]
public sealed class TableCrashTests(ITestOutputHelper output)
{
    private static int Kills =>
        int.Parse(Environment.GetEnvironmentVariable("DEVMAPD_KILLS") is { Length: > 0 } text ? text : "4", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(300, ReplaceMode.InPlace)]
    [InlineData(1500, ReplaceMode.InPlace)]
    [InlineData(1500, ReplaceMode.Hitless)]
    public async Task Kill_AtRandomMomentsOfTables_TearsNone(int entries, ReplaceMode mode)
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var testbed = await Testbed.StartAsync();
        var target = testbed.AddPort().Name;
        var writer = new Writer(target, entries, mode);
        await writer.WriteAsync(testbed.Client);

        for (var kill = 0; kill < Kills; kill++)
        {
            var enough = writer.Round + 1;
            var writing = writer.RunAsync(testbed.Client);
            await Eventually.Async(() => writer.Round > enough || writing.IsCompleted);
            await Task.Delay(random.Next(60)); // so that the kill comes at a random moment
            await testbed.Runner.KillAsync();
            await writing;
            if (mode == ReplaceMode.Hitless)
                writer.AssertWhole(testbed.KernelElements(Testbed.ByAddress));
            await testbed.Runner.StartAsync();

            var found = await ReadAsync(testbed.Client);
            var round = Assert.Single(found.Select(e => e.Spec.Labels["round"]).Distinct());
            output.WriteLine($"round {writer.Round} was sent, round {round} has happened");
            Assert.Contains(round, new[] { $"{writer.Round - 1}", $"{writer.Round}" });
            Assert.Equal(writer.KeysOf(int.Parse(round, CultureInfo.InvariantCulture)).Order(StringComparer.Ordinal), found.Select(e => e.Key).Order(StringComparer.Ordinal));
            Assert.Single(found.Select(e => e.Revision).Distinct());
            Assert.All(found, e => Assert.Equal(EntryState.Forwarding, e.Status.State));
            Assert.Equal(entries, testbed.KernelElements(Testbed.ByAddress).Count);
            await writer.WriteAsync(testbed.Client);
        }
    }

    private static async Task<List<Devmapd.V1.Entry>> ReadAsync(DevmapdClient client)
    {
        var found = new List<Devmapd.V1.Entry>();
        await foreach (var entry in client.ListEntriesAsync(new() { Devmap = Testbed.ByAddress, PageSize = 1000 }))
            found.Add(entry);
        return found;
    }

    /// <summary>Writes tables, each with the number of its round as a label of all entries. A tenth of the keys are others in each round.</summary>
    private sealed class Writer(string target, int entries, ReplaceMode mode)
    {
        private int _round = 1;

        /// <summary>The last round that was sent. All rounds before have been answered.</summary>
        public int Round => Volatile.Read(ref _round);

        /// <summary>Writes rounds until the daemon no longer answers.</summary>
        public async Task RunAsync(DevmapdClient client)
        {
            try
            {
                while (true)
                {
                    Interlocked.Increment(ref _round);
                    await WriteAsync(client);
                }
            }
            catch (DevmapdException e) when (e.Code is null)
            {
                // The daemon was killed.
            }
        }

        /// <summary>Sends the last round, again if it was sent before.</summary>
        public async Task WriteAsync(DevmapdClient client)
        {
            var request = new ReplaceEntriesRequest { Devmap = Testbed.ByAddress, AllowDeletions = entries, Mode = mode };
            foreach (var key in KeysOf(Round))
                request.Entries.Add(new Devmapd.V1.DesiredEntry { Key = key, Spec = new() { Interface = target, Labels = { ["round"] = $"{Round}" } } });
            var answer = await client.ReplaceEntriesAsync(request);
            Assert.Empty(answer.NotForwarding);
            Assert.Equal(entries, answer.Created + answer.Changed + answer.Unchanged);
        }

        /// <summary>Fails unless the kernel has one of the last two tables as a whole.</summary>
        public void AssertWhole(IEnumerable<(uint Key, uint Ifindex, uint Program)> elements)
        {
            var found = elements.Select(e => e.Key).Order().ToArray();
            Assert.Contains(found, new[] { Round - 1, Round }.Select(round => KeysOf(round).Select(KernelKey).Order().ToArray()));
        }

        private static uint KernelKey(string address) => BinaryPrimitives.ReadUInt32BigEndian(IPAddress.Parse(address).GetAddressBytes());

        /// <summary>Returns the keys of a round.</summary>
        public IEnumerable<string> KeysOf(int round) => Enumerable.Range(round % 10 * (entries / 10), entries)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"10.1.{i >> 8}.{i & 255}"));
    }
}
