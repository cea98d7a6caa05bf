using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Storage;

namespace ControlPlane.UnitTests.Core;

/// <summary>The history tells who changed what, and nothing that did not last as if it had.</summary>
public sealed class ChangeHistoryTests
{
    private static readonly RequestContext _request = new(
        new Caller("10.0.0.9:4711") { Token = "ci", Role = Role.Operator }, "r-1", default, new Violations(), default);

    [Fact]
    public async Task Changes_HaveTheirCallerAndTheStateBefore()
    {
        using var store = new MemoryStore();
        await using var core = await CoreFixture.StartAsync(store: store);
        var first = core.List("vlans").Revision;
        await core.Entries.PutAsync("vlans", "1", new EntrySpec("sim1"), false, _request);
        await core.Entries.PutAsync("vlans", "1", new EntrySpec("sim2"), false, _request with { RequestId = "r-2" });
        await core.Entries.DeleteAsync("vlans", "1", default, default);

        var changes = store.History.Read(first, long.MaxValue, 100)!.SelectMany(c => c.Changes).ToList();
        Assert.Equal([first + 1, first + 2, first + 3], changes.Select(c => c.Revision));
        Assert.Equal([(null, "sim1"), ("sim1", "sim2"), ("sim2", null)], changes.Select(c => (Target(c.Before), Target(c.After))));
        Assert.Equal(["token ci, from 10.0.0.9:4711", "token ci, from 10.0.0.9:4711", "nobody, from test"], changes.Select(c => c.Origin.Actor));
        Assert.Equal(["token ci", "token ci", "address test"], changes.Select(c => c.Origin.Account));
        Assert.Equal(["r-1", "r-2", changes[2].Origin.RequestId], changes.Select(c => c.Origin.RequestId));
        Assert.All(changes, c => Assert.Equal(new ChangedResource(ChangedKind.Entry, "vlans", EntryKey.OfNumber(1), null), c.Resource));
        Assert.All(store.History.Read(0, first, 100)!.SelectMany(c => c.Changes), c => Assert.Equal(ChangeOrigin.Daemon, c.Origin));

        static string? Target(IDesiredRecord? record) => (record as EntryRecord)?.Spec.Interface;
    }

    [Fact]
    public async Task ChangeThatTheKernelRefused_IsMarked_AndNoReaderSeesItBefore()
    {
        using var gate = new KernelGate();
        using var store = new FailingStore();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap, store: store);
        await core.PutAsync("vlans", "1", "sim1");
        var last = core.History.Final;
        gate.Refusal = new KernelException("bpf_map_update_elem", Errno.ENOMEM, "ENOMEM");
        store.FailsAfter = 1;
        await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "1", "sim2"));
        await core.Writer.TurnAsync();

        // The store has the change, and could not take it back.
        Assert.Single(store.History.Read(last, long.MaxValue, 9)!);
        Assert.Empty(core.History.Read(last, 9)!);
        Assert.Equal(last, core.History.ReadBack(long.MaxValue, 1)[0].LastRevision);

        (gate.Refusal, store.FailsAfter) = (null, null);
        await core.PutAsync("vlans", "2", "sim1");
        await core.Writer.TurnAsync();
        var changes = core.History.Read(last, 9)!.SelectMany(c => c.Changes).ToList();
        Assert.Equal(["1", "2"], changes.Select(c => $"{c.Resource.Key!.Value.Number}"));
        Assert.Contains("ENOMEM", changes[0].Refusal, StringComparison.Ordinal);
        Assert.Null(changes[1].Refusal);
    }
}
