using System.Globalization;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.Storage;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;
using Devmapd.V1;
using Xunit.Abstractions;

namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>
/// The daemon is killed (SIGKILL) at random moments under random writes of many clients, half of them by gRPC and half by REST, and
/// under traffic. After each start the API, the store and the kernel must agree with the oracles.
/// </summary>
/// <remarks>The environment variable <c>DEVMAPD_KILLS</c> sets the number of kills; the default is 10.</remarks>
[Trait("Group", "soak")]
[Trait("Group", "losses")]
public sealed class CrashTests(ITestOutputHelper output)
{
    private const int Clients = 12;

    private static int Kills =>
        int.Parse(Environment.GetEnvironmentVariable("DEVMAPD_KILLS") is { Length: > 0 } text ? text : "10", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Kill_AtRandomMomentsOfRandomWrites_LosesNoFrameAndNoAnsweredWrite()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = await testbed.SteerAsync();
        var (metered, plain) = (testbed.AddPort(), testbed.AddPort());
        Port[] ingresses = [testbed.AddPort(), testbed.AddPort()];
        var steady = (await ResourceVersions.OfApiAsync(testbed.Client)).ByName();

        var clients = Enumerable.Range(0, Clients).Select(n => new CrashClient(
            n, [(metered.Name, Steering.Meter), (plain.Name, null), ("nosuch0", null)], n < ingresses.Length ? ingresses[n].Name : null, random.Next())).ToList();
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(target.Far, run);
        await using var generator = TrafficGenerator.Start(
            ingress.Far, run, mark => Frames.Udp(mark), new TrafficPlan(FramesPerSecond: 15_000, Time: TimeSpan.FromHours(12)));

        var (revision, happened, not) = ((await ResourceVersions.OfApiAsync(testbed.Client)).Revision, 0, 0);
        for (var kill = 0; kill < Kills; kill++)
        {
            var before = clients.Sum(c => c.Acknowledged);
            var enough = before + random.Next(1, 400);
            IWriteClient[] faces = [new GrpcWriteClient(testbed.Client), new RestWriteClient(testbed.Http)];
            var writing = clients.Select((c, n) => c.RunAsync(faces[n % faces.Length], revision)).ToList();
            await Eventually.Async(() => clients.Sum(c => c.Acknowledged) >= enough || writing.Exists(w => w.IsCompleted));
            await Task.Delay(random.Next(10)); // so that the kill comes at a random moment
            await testbed.Runner.KillAsync();
            await Task.WhenAll(writing);
            await testbed.Runner.StartAsync();

            var view = await ResourceVersions.OfApiAsync(testbed.Client);
            AssertRevisions(view, revision, clients);
            foreach (var settled in Settle(view, steady, clients, revision))
                (happened, not) = settled ? (happened + 1, not) : (happened, not + 1);
            AssertStore(testbed, view);
            AssertKernel(testbed, view, metered, plain, target);
            revision = view.Revision;
        }

        var sent = await generator.StopAsync();
        output.WriteLine(
            $"{Kills} kills; {clients.Sum(c => c.Acknowledged)} writes acknowledged, {clients.Sum(c => c.Refused)} refused; "
            + $"of those under way at a kill {happened} had happened, {not} had not; {sent} frames sent; revision {revision}");
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
        Assert.Equal(sent, (await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name)).Status.Packets);
    }

    private static void AssertRevisions(ApiListing view, long before, IReadOnlyList<CrashClient> clients)
    {
        var all = view.ByName().Values.Select(f => f.Revision).ToList();
        Assert.Distinct(all);
        var acknowledged = clients.SelectMany(c => c.Oracles).Max(c => c.Known?.Revision ?? 0);
        Assert.True(view.Revision >= Math.Max(Math.Max(before, acknowledged), all.Max()), $"revision {view.Revision} after {before}, {acknowledged} answered");
    }

    /// <summary>Compares each oracle with its resource. All other resources must be those from before the first write, unchanged.</summary>
    private static List<bool> Settle(ApiListing view, Dictionary<string, ResourceVersion> steady, IReadOnlyList<CrashClient> clients, long floor)
    {
        var found = view.ByName();
        var settled = new List<bool>();
        foreach (var oracle in clients.SelectMany(c => c.Oracles))
        {
            if (oracle.Settle(found.GetValueOrDefault(oracle.Name), floor) is { } happened)
                settled.Add(happened);
            found.Remove(oracle.Name);
        }

        Assert.Equal(steady.OrderBy(f => f.Key, StringComparer.Ordinal), found.OrderBy(f => f.Key, StringComparer.Ordinal));
        return settled;
    }

    private static void AssertStore(Testbed testbed, ApiListing view)
    {
        var (revision, stored) = ResourceVersions.OfStore(testbed.Runner.StateDirectory);
        Assert.Equal(revision, view.Revision);
        Assert.Equal(stored.OrderBy(f => f.Key, StringComparer.Ordinal), view.ByName().OrderBy(f => f.Key, StringComparer.Ordinal));
        AssertHistory(testbed.Runner.StateDirectory);
    }

    // In a copy: a store has one writer.
    private static void AssertHistory(string state)
    {
        var copy = Directory.CreateTempSubdirectory();
        foreach (var suffix in new[] { "", "-wal" })
            File.Copy(Path.Combine(state, SqliteStore.FileName + suffix), Path.Combine(copy.FullName, SqliteStore.FileName + suffix));
        using (var store = SqliteStore.Open(copy.FullName))
            Assert.Empty(HistoryChain.FindBreaks(store.History, store.Load()));
        copy.Delete(recursive: true);
    }

    /// <summary>Every entry whose interface exists is in the kernel with that interface and program, and nothing else is.</summary>
    private static void AssertKernel(Testbed testbed, ApiListing view, params Port[] targets)
    {
        var ifindexes = targets.ToDictionary(t => t.Name, t => t.Pair.Ifindex);
        var programs = view.Programs.ToDictionary(p => p.Name, p => p.Status.ProgramId);
        foreach (var devmap in new[] { Testbed.ByInterface, Testbed.ByVlan, Testbed.ByAddress })
        {
            var entries = view.Entries.Where(e => e.Devmap == devmap).ToList();
            Assert.All(entries, e => Assert.Equal(
                ifindexes.ContainsKey(e.Spec.Interface) ? EntryState.Forwarding : EntryState.Pending, e.Status.State));
            var wanted = entries.Where(e => ifindexes.ContainsKey(e.Spec.Interface))
                .Select(e => (e.Status.KernelKey, Ifindex: ifindexes[e.Spec.Interface], Program: e.Spec.HasEgressProgram ? programs[e.Spec.EgressProgram] : 0));
            Assert.Equal(wanted.Order(), testbed.KernelElements(devmap).Select(e => (e.Key, e.Ifindex, e.Program)).Order());

            var attached = view.Attachments.Where(a => a.Devmap == devmap).ToList();
            Assert.All(attached, a => Assert.Equal(AttachmentState.Attached, a.Status.State));
            Assert.Equal(attached.Select(a => a.Interface).Order(), Names($"devmaps/{devmap}/links"));
        }

        Assert.Equal(programs.Keys.Order(), Names("programs"));
        Assert.Equal(new[] { Testbed.ByInterface, Testbed.ByVlan, Testbed.ByAddress }.Order(), Names("devmaps"));

        IEnumerable<string> Names(string folder) =>
            Directory.GetFileSystemEntries(Path.Combine(testbed.Runner.PinRoot, folder)).Select(p => Path.GetFileName(p)!).Order();
    }
}
