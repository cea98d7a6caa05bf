using System.Diagnostics;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.TestCommon.Contract;

/// <summary>
/// The promises of the ports. The suite runs on the real kernel and on the simulated one, so that the simulation claims nothing
/// that the kernel does not do.
/// </summary>
public abstract partial class KernelContract : IDisposable
{
    private readonly IKernelTestbed _testbed;
    private readonly IKernel _kernel;

    protected KernelContract(IKernelTestbed testbed) => (_testbed, _kernel) = (testbed, testbed.Open());

    protected static DevmapRecord Small { get; } = new("contract", new DevmapSpec(MaxEntries: 4));

    public void Dispose()
    {
        _kernel.Dispose();
        _testbed.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Lookup_AfterUpdate_GivesIfindexAndProgramId()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        var program = _kernel.Programs.Load(scope, "counting", new EgressProgramConfig(EgressTemplate.Count));
        var target = NewInterface();

        devmap.Update(scope, 7, target.Ifindex, null);
        devmap.Update(scope, 8, target.Ifindex, "counting");

        Assert.True(devmap.TryLookup(7, out var plain));
        Assert.Equal(new KernelEntry(target.Ifindex, 0), plain);
        Assert.True(devmap.TryLookup(8, out var withProgram));
        Assert.Equal(new KernelEntry(target.Ifindex, program.ProgramId), withProgram);
        Assert.False(devmap.TryLookup(9, out _));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(uint.MaxValue)]
    public void Update_AnyNumber_IsAKey(uint key)
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        devmap.Update(scope, key, NewInterface().Ifindex, null);
        Assert.True(devmap.TryLookup(key, out _));
        Assert.True(devmap.TryGetNextKey(null, out var first));
        Assert.Equal(key, first);
    }

    [Fact]
    public void Update_UnknownIfindex_IsEinvalAndChangesNothing()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        Assert.Equal(Errno.EINVAL, Refused(() => devmap.Update(new WriterScope(true), 1, 2_000_000_000, null)));
        Assert.False(devmap.TryLookup(1, out _));
    }

    [Fact]
    public void Update_FullMap_IsE2bigAndReplacingStillWorks()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        var (target, other) = (NewInterface(), NewInterface());
        for (var key = 0u; key < 4; key++)
            devmap.Update(scope, key, target.Ifindex, null);
        Assert.Equal(Errno.E2BIG, Refused(() => devmap.Update(new WriterScope(true), 4, target.Ifindex, null)));
        devmap.Update(scope, 3, other.Ifindex, null);
        Assert.True(devmap.TryLookup(3, out var replaced));
        Assert.Equal(other.Ifindex, replaced.Ifindex);
    }

    [Fact]
    public void Update_FourByteValues_WorkAndRefuseEgressPrograms()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small with { Spec = Small.Spec with { ValueSize = 4 } });
        _kernel.Programs.Load(scope, "counting", new EgressProgramConfig(EgressTemplate.Count));
        var target = NewInterface();
        devmap.Update(scope, 1, target.Ifindex, null);
        Assert.True(devmap.TryLookup(1, out var entry));
        Assert.Equal(new KernelEntry(target.Ifindex, 0), entry);
        var refusal = Assert.Throws<ControlPlaneException>(() => devmap.Update(new WriterScope(true), 1, target.Ifindex, "counting"));
        Assert.Equal(ErrorCode.NotSupported, refusal.Error.Code);
    }

    [Fact]
    public void Delete_TellsWhetherThereWasAnElement()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        devmap.Update(scope, 1, NewInterface().Ifindex, null);
        Assert.True(devmap.Delete(scope, 1));
        Assert.False(devmap.Delete(scope, 1));
        Assert.False(devmap.TryLookup(1, out _));
    }

    [Fact]
    public void NextKey_GoesByBucketAndNewestFirstWithinOne()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small with { Spec = Small.Spec with { MaxEntries = 8 } });
        var target = NewInterface();
        foreach (var key in new uint[] { 3, 8, 0, 16, 11, 1 })
            devmap.Update(scope, key, target.Ifindex, null);
        Assert.Equal([16, 0, 8, 1, 11, 3], Walk(devmap));
        devmap.Update(scope, 8, target.Ifindex, null);
        Assert.Equal([8, 16, 0, 1, 11, 3], Walk(devmap));
    }

    [Fact]
    public void NextKey_OfAKeyThatIsGone_BeginsAgain()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        var target = NewInterface();
        foreach (var key in new uint[] { 0, 1, 2 })
            devmap.Update(scope, key, target.Ifindex, null);
        devmap.Delete(scope, 1);
        Assert.True(devmap.TryGetNextKey(1, out var next));
        Assert.Equal(0u, next);
        Assert.False(devmap.TryGetNextKey(2, out _));
    }

    [Fact]
    public void RemovedInterface_TakesItsElementsAlong()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        var (going, staying) = (NewInterface(), NewInterface());
        devmap.Update(scope, 1, going.Ifindex, null);
        devmap.Update(scope, 2, staying.Ifindex, null);
        _testbed.RemoveInterface(going.Name);
        Assert.Equal([2], Walk(devmap));
        Assert.Null(_kernel.Interfaces.Query(going.Name));
        Assert.Null(_kernel.Interfaces.Query(going.Ifindex));
    }

    [Fact]
    public void RenamedInterface_KeepsItsElements()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        var target = NewInterface();
        devmap.Update(scope, 1, target.Ifindex, null);
        var newName = _testbed.FreeName();
        _testbed.Rename(target.Name, newName);
        Assert.True(devmap.TryLookup(1, out var entry));
        Assert.Equal(target.Ifindex, entry.Ifindex);
        Assert.Null(_kernel.Interfaces.Query(target.Name));
        Assert.Equal(newName, _kernel.Interfaces.Query(target.Ifindex)?.Name);
    }

    [Fact]
    public void Watch_TellsOfInterfacesThatAppearAndGo()
    {
        using var seen = new SemaphoreSlim(0);
        var names = new HashSet<string>();
        using var watch = _kernel.Interfaces.Watch(changes =>
        {
            lock (names)
                names.UnionWith(changes.Names);
            seen.Release();
        });
        var name = _testbed.AddInterface();
        WaitFor(() => Seen(names, name) && _kernel.Interfaces.Current.Find(name) is not null, seen);
        lock (names)
            names.Clear();
        _testbed.RemoveInterface(name);
        WaitFor(() => Seen(names, name) && _kernel.Interfaces.Current.Find(name) is null, seen);
    }

    private InterfaceInfo NewInterface() => _kernel.Interfaces.Query(_testbed.AddInterface())!;

    private static bool Seen(HashSet<string> names, string name)
    {
        lock (names)
            return names.Contains(name);
    }

    private static void WaitFor(Func<bool> condition, SemaphoreSlim signal)
    {
        var deadline = Stopwatch.GetTimestamp() + (10 * Stopwatch.Frequency);
        while (!condition())
        {
            Assert.True(Stopwatch.GetTimestamp() < deadline, "was not told within 10 s");
            signal.Wait(TimeSpan.FromMilliseconds(50));
        }
    }

    private static int Refused(Action action) => Assert.Throws<KernelException>(action).Errno;

    private static List<uint> Walk(IDevmapReader devmap)
    {
        var keys = new List<uint>();
        uint? cursor = null;
        while (keys.Count < 1000 && devmap.TryGetNextKey(cursor, out var next))
        {
            keys.Add(next);
            cursor = next;
        }

        return keys;
    }
}
