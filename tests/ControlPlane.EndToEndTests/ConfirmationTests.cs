using ControlPlane.Client;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;
using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlPlane.EndToEndTests;

/// <summary>Tables that wait for their confirmation, on the real kernel, with frames.</summary>
[Trait("Group", "truth")]
public sealed class ConfirmationTests
{
    private const string Key = "10.0.0.7", Gone = "10.0.0.8", New = "10.0.0.9";
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    public static TheoryData<string> Modes { get; } = ["native", "generic", "tcx"];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task NobodyConfirms_FramesAndEntriesAreAsBefore(string mode)
    {
        await using var lab = await Lab.StartAsync(mode);
        var before = await lab.EntriesAsync();

        var written = await lab.WriteAsync(Short);

        Assert.Equal(ConfirmationPhase.Pending, written.Confirmation.Phase);
        lab.AssertNew();
        Assert.Equal([Key, New], (await lab.EntriesAsync()).Keys);
        await Eventually.Async(async () => (await lab.EntriesAsync()).ContainsKey(Gone));
        lab.AssertOld();
        Assert.Equal(before, await lab.EntriesAsync());
        var taken = await lab.Client.Changes.ListChangesAsync(new() { PageSize = 3 });
        Assert.All(taken.Changes, c => Assert.Equal("The table was taken back, because nobody confirmed it in time.", c.TakesBack));
        Assert.Equal(3, taken.Changes.Count);
        // Other writes happen again.
        await lab.Testbed.Http.PutEntryAsync(Testbed.ByAddress, New, lab.Target.Name);
        var late = await Assert.ThrowsAsync<DevmapdException>(lab.ConfirmAsync);
        Assert.Equal("confirmation_not_found", late.Code);
    }

    [Fact]
    public async Task Confirmed_Stays()
    {
        await using var lab = await Lab.StartAsync("native");
        await lab.WriteAsync(Short);
        Assert.Equal(ConfirmationPhase.Confirmed, (await lab.ConfirmAsync()).Phase);
        await Task.Delay(Short);
        lab.AssertNew();
        Assert.Equal([Key, New], (await lab.EntriesAsync()).Keys);
        await lab.WriteAsync(Long);
        await lab.Testbed.Runner.KillAsync();
        await lab.Testbed.Runner.StartAsync();
        lab.AssertNew();
    }

    [Fact]
    public async Task Pending_EveryOtherWriteIsRefusedUntilItIsCancelled()
    {
        await using var lab = await Lab.StartAsync("native");
        await lab.WriteAsync(Long);

        foreach (var write in new Func<Task>[]
        {
            () => lab.Client.Devmaps.PutEntryAsync(new() { Devmap = Testbed.ByAddress, Key = Gone, Spec = new() { Interface = lab.Old.Name } }).ResponseAsync,
            () => lab.Client.Devmaps.DeleteEntryAsync(new() { Devmap = Testbed.ByAddress, Key = Key }).ResponseAsync,
            () => lab.WriteAsync(null),
            () => lab.WriteAsync(Long),
        })
        {
            var refused = await Assert.ThrowsAsync<DevmapdException>(write);
            Assert.Equal("confirmation_pending", refused.Code);
        }

        await lab.Testbed.Http.PutEntryAsync(Testbed.ByVlan, "7", lab.Old.Name);
        Assert.Equal(ConfirmationPhase.Cancelled, (await lab.CancelAsync()).Phase);
        lab.AssertOld();
        Assert.Equal([Key, Gone], (await lab.EntriesAsync()).Keys);
    }

    [Fact]
    public async Task RedirectErrors_TakeTheTableBack()
    {
        await using var lab = await Lab.StartAsync("native");
        await lab.WriteAsync(Long, drops: 5);
        lab.Target.Pair.SetUp(false);

        for (var frame = 0; frame < 5; frame++)
            lab.Ingress.AssertDoesNotReach(lab.Target, Key);

        await Eventually.Async(async () => (await lab.EntriesAsync()).ContainsKey(Gone));
        lab.AssertOld();
        var change = (await lab.Client.Changes.ListChangesAsync(new() { PageSize = 1 })).Changes[0];
        Assert.Matches("because the kernel refused [5-9] of its frames", change.TakesBack);
    }

    [Fact]
    public async Task DropsInTcx_AreNotSupported()
    {
        await using var lab = await Lab.StartAsync("tcx");
        Assert.Equal("not_supported", (await Assert.ThrowsAsync<DevmapdException>(() => lab.WriteAsync(Long, drops: 5))).Code);
    }

    [Fact]
    public async Task DaemonKilled_TheKernelTakesTheTableBackAndTheNextDaemonFollows()
    {
        await using var lab = await Lab.StartAsync("native");
        var before = await lab.EntriesAsync();
        await lab.WriteAsync(Short);
        lab.AssertNew();
        await lab.Testbed.Runner.KillAsync();
        lab.AssertNew();

        await Eventually.Async(() =>
        {
            try
            {
                lab.AssertOld();
                return true;
            }
            catch (Xunit.Sdk.XunitException)
            {
                return false;
            }
        });
        await lab.Testbed.Runner.StartAsync();

        lab.AssertOld();
        Assert.Equal(before, await lab.EntriesAsync());
        Assert.Equal(2, lab.Testbed.KernelElements(Testbed.ByAddress).Count);
        var change = (await lab.Client.Changes.ListChangesAsync(new() { PageSize = 1 })).Changes[0];
        Assert.Equal("The table was taken back, because nobody confirmed it in time.", change.TakesBack);
        await lab.WriteAsync(Long);
        await lab.ConfirmAsync();
    }

    [Fact]
    public async Task DaemonRestartedWithinTheTime_TakesTheTableBack()
    {
        await using var lab = await Lab.StartAsync("native");
        var before = await lab.EntriesAsync();
        await lab.WriteAsync(Long);
        await lab.Testbed.Runner.KillAsync();
        await lab.Testbed.Runner.StartAsync();
        lab.AssertOld();
        Assert.Equal(before, await lab.EntriesAsync());
        Assert.Equal("confirmation_not_found", (await Assert.ThrowsAsync<DevmapdException>(lab.ConfirmAsync)).Code);
    }

    [Fact]
    public async Task InterfaceThatComesBack_IsInBothTables()
    {
        await using var lab = await Lab.StartAsync("native");
        await lab.WriteAsync(Long);
        var name = lab.Old.Name;
        lab.Old.Pair.Dispose();
        var returned = lab.Testbed.AddPort(name);
        lab.AssertNew();

        await lab.CancelAsync();

        await Eventually.Async(() => lab.Testbed.KernelElements(Testbed.ByAddress).Count == 2);
        lab.Ingress.AssertReaches(returned, Key);
        lab.Ingress.AssertReaches(returned, Gone);
    }

    /// <summary>A devmap with two entries, and a table that changes one, deletes the other, and has another one.</summary>
    private sealed class Lab : IAsyncDisposable
    {
        private Lab(Testbed testbed, Port ingress, Port old, Port target) => (Testbed, Ingress, Old, Target) = (testbed, ingress, old, target);

        public Testbed Testbed { get; }

        public Port Ingress { get; }

        public Port Old { get; }

        public Port Target { get; }

        public DevmapdClient Client => Testbed.Client;

        public static async Task<Lab> StartAsync(string mode)
        {
            var testbed = await Testbed.StartAsync();
            try
            {
                var lab = new Lab(testbed, testbed.AddPort(), testbed.AddPort(), testbed.AddPort());
                await testbed.Http.AttachAsync(Testbed.ByAddress, lab.Ingress.Name, mode);
                await testbed.Http.PutEntryAsync(Testbed.ByAddress, Key, lab.Old.Name);
                await testbed.Http.PutEntryAsync(Testbed.ByAddress, Gone, lab.Old.Name);
                lab.AssertOld();
                return lab;
            }
            catch
            {
                await testbed.DisposeAsync();
                throw;
            }
        }

        public Task<ReplaceEntriesResponse> WriteAsync(TimeSpan? confirm, long? drops = null)
        {
            var request = new ReplaceEntriesRequest { Devmap = Testbed.ByAddress, Confirm = confirm is { } time ? Duration.FromTimeSpan(time) : null };
            if (drops is { } most)
                request.RevertAfterDrops = most;
            foreach (var key in new[] { Key, New })
                request.Entries.Add(new DesiredEntry { Key = key, Spec = new() { Interface = Target.Name, Labels = { ["round"] = $"{Guid.NewGuid():N}" } } });
            return Client.ReplaceEntriesAsync(request);
        }

        public async Task<Confirmation> ConfirmAsync() => (await Client.Devmaps.ConfirmEntriesAsync(new() { Devmap = Testbed.ByAddress })).Confirmation;

        public async Task<Confirmation> CancelAsync() => (await Client.Devmaps.CancelEntriesAsync(new() { Devmap = Testbed.ByAddress })).Confirmation;

        public async Task<SortedDictionary<string, string>> EntriesAsync()
        {
            var list = await Client.Devmaps.ListEntriesAsync(new() { Devmap = Testbed.ByAddress });
            // For a moment, the kernel has the table before and nobody desires it yet.
            return new(list.Entries.Where(e => e.Spec is not null).ToDictionary(e => e.Key, e => e.Spec.Interface), StringComparer.Ordinal);
        }

        public void AssertOld()
        {
            Ingress.AssertReaches(Old, Key);
            Ingress.AssertReaches(Old, Gone);
            Ingress.AssertDoesNotReach(Target, New);
        }

        public void AssertNew()
        {
            Ingress.AssertReaches(Target, Key);
            Ingress.AssertReaches(Target, New);
            Ingress.AssertDoesNotReach(Old, Gone);
        }

        public ValueTask DisposeAsync() => Testbed.DisposeAsync();
    }
}
