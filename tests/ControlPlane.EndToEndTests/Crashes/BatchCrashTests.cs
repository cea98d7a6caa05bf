using System.Globalization;
using ControlPlane.Client;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;
using Devmapd.V1;
using Xunit.Abstractions;

namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>
/// The daemon is killed (SIGKILL) at random moments of batches. An atomic batch has then happened whole or not at all. When the client
/// repeats the call with its key, each item has happened once.
/// </summary>
/// <remarks>The environment variable <c>DEVMAPD_KILLS</c> sets the number of kills; the default is 4.</remarks>
[Trait("Group", "soak")]
public sealed class BatchCrashTests(ITestOutputHelper output)
{
    private const int Items = 300;

    private static int Kills =>
        int.Parse(Environment.GetEnvironmentVariable("DEVMAPD_KILLS") is { Length: > 0 } text ? text : "4", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Kill_AtRandomMomentsOfBatches_TearsNoneAndRepeatsNoItem()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var testbed = await Testbed.StartAsync();
        var target = testbed.AddPort().Name;
        Writer[] writers = [new(BatchMode.Atomic, Testbed.ByAddress, "10.1", target), new(BatchMode.Independent, Testbed.ByAddress, "10.2", target)];
        foreach (var writer in writers)
            await writer.RepeatAsync(testbed.Client);

        for (var kill = 0; kill < Kills; kill++)
        {
            var enough = writers[0].Round + 1;
            var writing = writers.Select(w => w.RunAsync(testbed.Client)).ToList();
            await Eventually.Async(() => writers[0].Round > enough || writing.Exists(w => w.IsCompleted));
            await Task.Delay(random.Next(30)); // so that the kill comes at a random moment
            await testbed.Runner.KillAsync();
            await Task.WhenAll(writing);
            await testbed.Runner.StartAsync();

            foreach (var writer in writers)
            {
                var found = await writer.ReadAsync(testbed.Client);
                var (old, made) = (found.Count(e => e.Round == writer.Round - 1), found.Count(e => e.Round == writer.Round));
                output.WriteLine($"{writer.Mode}: round {writer.Round}, {made} items had happened");
                Assert.Equal(Items, old + made);
                Assert.True(writer.Mode == BatchMode.Independent || old == 0 || made == 0, $"{made} of {Items} items happened");
                var results = await writer.RepeatAsync(testbed.Client);
                var now = await writer.ReadAsync(testbed.Client);
                Assert.All(now, e => Assert.Equal(writer.Round, e.Round));
                Assert.Equal(now.Select(e => e.Revision), results.Select(r => r.Revision));
                // Items that had happened keep their revisions.
                foreach (var (before, after) in found.Zip(now).Where(e => e.First.Round == writer.Round))
                    Assert.Equal(before.Revision, after.Revision);
                Assert.Equal(writer.Mode == BatchMode.Atomic ? 1 : Items, now.Select(e => e.Revision).Distinct().Count());
                Assert.All(now, e => Assert.Equal(EntryState.Forwarding, e.State));
            }

            Assert.Equal(2 * Items, testbed.KernelElements(Testbed.ByAddress).Count);
        }
    }

    /// <summary>Writes the same entries again and again, each round with its number as a label, each round with a key of its own.</summary>
    private sealed class Writer(BatchMode mode, string devmap, string prefix, string target)
    {
        private int _round = 1;

        public BatchMode Mode => mode;

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
                    Assert.All(await RepeatAsync(client), r => Assert.Equal(ItemOutcome.Changed, r.Outcome));
                }
            }
            catch (DevmapdException e) when (e.Code is null)
            {
                // The daemon was killed.
            }
        }

        /// <summary>Sends the last round, again if it was sent before.</summary>
        public async Task<IReadOnlyList<BatchResult>> RepeatAsync(DevmapdClient client)
        {
            var items = Enumerable.Range(0, Items).Select(i => new BatchItem
            {
                Put = new() { Devmap = devmap, Key = KeyOf(i), Spec = new Devmapd.V1.EntrySpec { Interface = target, Labels = { ["round"] = $"{Round}" } } },
            });
            var results = await client.ApplyEntriesAsync(mode, items, idempotencyKey: $"{prefix}-{Round}");
            Assert.All(results, r => Assert.Null(r.Error));
            return results;
        }

        /// <summary>Reads the entries, in the order of the items.</summary>
        public async Task<IReadOnlyList<(int Round, long Revision, EntryState State)>> ReadAsync(DevmapdClient client)
        {
            var byKey = new Dictionary<string, Devmapd.V1.Entry>();
            await foreach (var entry in client.ListEntriesAsync(new() { Devmap = devmap, PageSize = 1000 }))
                byKey.Add(entry.Key, entry);
            return
            [
                .. Enumerable.Range(0, Items).Select(i => byKey[KeyOf(i)])
                    .Select(e => (int.Parse(e.Spec.Labels["round"], CultureInfo.InvariantCulture), e.Revision, e.Status.State)),
            ];
        }

        private string KeyOf(int item) => string.Create(CultureInfo.InvariantCulture, $"{prefix}.{item >> 8}.{item & 255}");
    }
}
