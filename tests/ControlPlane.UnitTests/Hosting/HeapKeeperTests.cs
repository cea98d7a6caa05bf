using ControlPlane.Daemon.Hosting;

namespace ControlPlane.UnitTests.Hosting;

public sealed class HeapKeeperTests
{
    private const long Large = 4 * HeapKeeper.Least;

    private readonly Heap _heap = new();
    private long _begun;

    [Fact]
    public void Heap_IsCompactedOnce_WhenTheLoadHasEnded()
    {
        var keeper = new HeapKeeper(_heap);
        _heap.Grow(Large);
        Look(keeper, HeapKeeper.FewRequests);
        Assert.Equal(0, _heap.Compactions);

        Look(keeper, HeapKeeper.FewRequests - 1);
        Look(keeper, 0);

        Assert.Equal(1, _heap.Compactions);
    }

    [Fact]
    public void Heap_ThatIsSmall_IsLeftAlone()
    {
        var keeper = new HeapKeeper(_heap);
        _heap.Grow(HeapKeeper.Least - 1);

        Look(keeper, 0);

        Assert.Equal(0, _heap.Compactions);
    }

    [Fact]
    public void Heap_ThatIsInUse_IsCompactedAgainOnlyWhenItHasDoubled()
    {
        var keeper = new HeapKeeper(_heap);
        _heap.InUse = HeapKeeper.Least;
        _heap.Grow(Large);
        Look(keeper, 0);

        _heap.Grow((2 * HeapKeeper.Least) - 1);
        Look(keeper, 0);
        Assert.Equal(1, _heap.Compactions);

        _heap.Grow(2 * HeapKeeper.Least);
        Look(keeper, 0);
        Assert.Equal(2, _heap.Compactions);
    }

    private void Look(HeapKeeper keeper, long requests) => keeper.Look(_begun += requests);

    private sealed class Heap : ManagedHeap
    {
        private (long Collections, long Committed) _now;

        public int Compactions { get; private set; }

        public long InUse { get; set; }

        public void Grow(long committed) => _now = (_now.Collections + 1, committed);

        public override (long Collections, long Committed) Read() => _now;

        public override void Compact()
        {
            Compactions++;
            Grow(InUse);
        }
    }
}
