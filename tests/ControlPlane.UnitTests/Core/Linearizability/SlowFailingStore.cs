using ControlPlane.Core.Ports;
using ControlPlane.Storage;

namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>A store that takes its time, as a disk does, so that commands gather into batches; and that refuses some of them.</summary>
/// <param name="seed">Of its moods.</param>
internal sealed class SlowFailingStore(int seed) : IStore
{
    private readonly MemoryStore _inner = new();
    private readonly Random _random = new(seed);

    /// <summary>One batch of so many is refused; 0 for none.</summary>
    public int RefusesOneIn { get; set; }

    public IChangeHistory History => _inner.History;

    public StoredState Load() => _inner.Load();

    public void Commit(StoreBatch batch)
    {
        if (_random.Next(4) == 0)
            Thread.Sleep(1);
        else
            Thread.Yield();
        if (RefusesOneIn > 0 && _random.Next(RefusesOneIn) == 0)
            throw new StoreException("database or disk is full");
        _inner.Commit(batch);
    }

    public void Dispose() => _inner.Dispose();
}
