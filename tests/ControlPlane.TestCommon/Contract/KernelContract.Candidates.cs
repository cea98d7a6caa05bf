using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.TestCommon.Contract;

/// <summary>The second table of a devmap.</summary>
public abstract partial class KernelContract
{
    private static readonly EntryActions _mac = new(DestinationMac: new MacAddress(0x020000000009));

    private static WriterScope Scope => new(true);

    [Fact]
    public async Task Candidate_IsUnseenUntilItIsSwitchedTo()
    {
        using var devmap = _kernel.OpenDevmap(Scope, Small);
        var (target, other) = (NewInterface(), NewInterface());
        devmap.Update(Scope, 1, target.Ifindex, null);
        devmap.Update(Scope, 2, target.Ifindex, null);
        var first = devmap.MapId;
        var candidate = await BeginAsync(devmap);
        Assert.Equal([], KeysOf(candidate));
        candidate.Update(Scope, 2, other.Ifindex, null, actions: _mac);
        candidate.Update(Scope, 3, other.Ifindex, null);
        candidate.Update(Scope, 9, other.Ifindex, null);
        Assert.True(candidate.Delete(Scope, 9));
        Assert.False(candidate.Delete(Scope, 9));
        Assert.Equal((1u, 2u), (Walk(devmap)[0], Walk(devmap)[1]));
        Assert.Null(devmap.ReadActions(2));
        Assert.False(candidate.IsSwitched);
        var second = candidate.MapId;

        candidate.Switch(Scope);

        Assert.True(candidate.IsSwitched);
        Assert.Equal((second, second, first), (devmap.MapId, devmap.ReadActiveMapId(), candidate.MapId));
        Assert.True(devmap.IsActive());
        Assert.Equal([2, 3], Walk(devmap));
        Assert.Equal((other.Ifindex, _mac), (ElementOf(devmap, 2), devmap.ReadActions(2)));
        Assert.Equal((target.Ifindex, null), (ElementOf(candidate, 2), candidate.ReadActions(2)));
        Assert.Equal([1, 2], KeysOf(candidate));
        candidate.Release(Scope);
        Assert.Null(devmap.Candidate);
        Assert.Equal([2, 3], Walk(devmap));
        Assert.Equal(_mac, devmap.ReadActions(2));
    }

    [Fact]
    public async Task Candidate_CanBeSwitchedBack_WithWhatBothHaveGotMeanwhile()
    {
        using var devmap = _kernel.OpenDevmap(Scope, Small);
        var (target, other) = (NewInterface(), NewInterface());
        devmap.Update(Scope, 1, target.Ifindex, null, actions: _mac);
        var first = devmap.MapId;
        var candidate = await BeginAsync(devmap);
        candidate.Update(Scope, 1, other.Ifindex, null);
        candidate.Switch(Scope);
        devmap.Update(Scope, 4, other.Ifindex, null);
        candidate.Update(Scope, 4, target.Ifindex, null);
        candidate.Update(Scope, 3, target.Ifindex, null);
        devmap.Delete(Scope, 1);
        candidate.Switch(Scope);
        Assert.False(candidate.IsSwitched);
        Assert.Equal((first, first), (devmap.MapId, devmap.ReadActiveMapId()));
        Assert.Equal([4, 1, 3], Walk(devmap));
        Assert.Equal((target.Ifindex, _mac), (ElementOf(devmap, 1), devmap.ReadActions(1)));
        candidate.Release(Scope);
        Assert.Equal(target.Ifindex, ElementOf(devmap, 4));
        devmap.Update(Scope, 9, target.Ifindex, null);
        Assert.Equal([4, 9, 1, 3], Walk(devmap));
    }

    [Fact]
    public async Task Candidate_CanHaveAnotherCapacity()
    {
        var target = NewInterface();
        using (var devmap = _kernel.OpenDevmap(Scope, Small))
        {
            for (var key = 0u; key < 4; key++)
                devmap.Update(Scope, key, target.Ifindex, null);
            var larger = Small with { Spec = Small.Spec with { MaxEntries = 100 } };
            var candidate = await BeginAsync(devmap, larger);
            for (var key = 0u; key < 100; key++)
                candidate.Update(Scope, key, target.Ifindex, null);
            Assert.Equal(Errno.E2BIG, Refused(() => candidate.Update(Scope, 100, target.Ifindex, null)));
            candidate.Switch(Scope);
            candidate.Release(Scope);
            Assert.Equal(100u, devmap.Definition.Spec.MaxEntries);
            Assert.Equal(Errno.E2BIG, Refused(() => devmap.Update(Scope, 100, target.Ifindex, null)));
            Assert.Equal(100, Walk(devmap).Count);
        }

        using var again = _testbed.Open();
        using var adopted = again.OpenDevmap(Scope, Small with { Spec = Small.Spec with { MaxEntries = 100 } });
        Assert.Equal(100, Walk(adopted).Count);
    }

    [Fact]
    public async Task Candidates_FollowOneAnother()
    {
        using var devmap = _kernel.OpenDevmap(Scope, Small);
        InterfaceInfo[] targets = [NewInterface(), NewInterface()];
        for (var i = 0; i < 6; i++)
        {
            var candidate = await BeginAsync(devmap);
            Assert.Throws<InvalidOperationException>(() => devmap.BeginCandidate(Scope, Small, 1));
            candidate.Update(Scope, 7, targets[i % 2].Ifindex, null, actions: i % 3 == 0 ? _mac : null);
            if (i % 2 == 0)
                candidate.Switch(Scope);
            candidate.Release(Scope);
            Assert.Equal(targets[0].Ifindex, ElementOf(devmap, 7));
            Assert.True(devmap.IsCounted(7));
        }
    }

    [Fact]
    public async Task RemovedInterface_TakesItsElementsOfBothTablesAlong()
    {
        using var devmap = _kernel.OpenDevmap(Scope, Small);
        var (going, staying) = (NewInterface(), NewInterface());
        devmap.Update(Scope, 1, going.Ifindex, null);
        var candidate = await BeginAsync(devmap);
        candidate.Update(Scope, 1, going.Ifindex, null);
        candidate.Update(Scope, 2, staying.Ifindex, null);
        _testbed.RemoveInterface(going.Name);
        Assert.Equal([], Walk(devmap));
        Assert.Equal([2], KeysOf(candidate));
        Assert.Equal(Errno.EINVAL, Refused(() => candidate.Update(Scope, 1, going.Ifindex, null)));
    }

    [Theory]
    [InlineData(0, 10, false)] // not complete
    [InlineData(11, 10, false)] // complete, and its commit was not made
    [InlineData(10, 10, true)]
    [InlineData(9, 10, true)]
    public async Task CandidateThatADaemonLeaves_IsSwitchedToIfItIsCommitted(long complete, long committed, bool switches)
    {
        var (target, other) = (NewInterface(), NewInterface());
        uint first, second;
        using (var devmap = _kernel.OpenDevmap(Scope, Small))
        {
            devmap.Update(Scope, 1, target.Ifindex, null);
            var candidate = await BeginAsync(devmap);
            candidate.Update(Scope, 1, other.Ifindex, null, actions: _mac);
            candidate.Complete(Scope, complete);
            (first, second) = (devmap.MapId, candidate.MapId);
        }

        using var kernel = _testbed.Open();
        using var adopted = kernel.OpenDevmap(Scope, Small, committed);

        Assert.Null(adopted.Candidate);
        Assert.True(adopted.IsActive());
        Assert.Equal(switches ? second : first, adopted.ReadActiveMapId());
        Assert.Equal(switches ? (other.Ifindex, _mac) : (target.Ifindex, null), (ElementOf(adopted, 1), adopted.ReadActions(1)));
        var next = await BeginAsync(adopted);
        next.Update(Scope, 1, target.Ifindex, null);
        next.Switch(Scope);
        next.Release(Scope);
        Assert.Null(adopted.ReadActions(1));
    }

    [Fact]
    public async Task SwitchedCandidateThatADaemonLeaves_IsAdopted()
    {
        var (target, other) = (NewInterface(), NewInterface());
        uint second;
        using (var devmap = _kernel.OpenDevmap(Scope, Small))
        {
            devmap.Update(Scope, 1, target.Ifindex, null);
            var candidate = await BeginAsync(devmap);
            candidate.Update(Scope, 1, other.Ifindex, null, actions: _mac);
            candidate.Complete(Scope, 5);
            candidate.Switch(Scope);
            second = devmap.MapId;
        }

        using var kernel = _testbed.Open();
        using var adopted = kernel.OpenDevmap(Scope, Small, 5);
        Assert.Equal((second, second), (adopted.MapId, adopted.ReadActiveMapId()));
        Assert.Equal((other.Ifindex, _mac), (ElementOf(adopted, 1), adopted.ReadActions(1)));
    }

    private static async Task<ICandidate> BeginAsync(IDevmap devmap, DevmapRecord? definition = null)
    {
        var candidate = devmap.BeginCandidate(Scope, definition ?? devmap.Definition, 4);
        await candidate.Made;
        return candidate;
    }

    private static uint ElementOf(IElementReader table, uint key) => table.TryLookup(key, out var element) ? element.Ifindex : 0;

    private static List<uint> KeysOf(IElementReader table) => [.. Enumerable.Range(0, 16).Select(k => (uint)k).Where(k => table.TryLookup(k, out _))];
}
