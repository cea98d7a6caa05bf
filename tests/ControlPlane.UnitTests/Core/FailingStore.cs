using ControlPlane.Core.Ports;
using ControlPlane.Storage;

namespace ControlPlane.UnitTests.Core;

/// <summary>A store that fails when a test says so.</summary>
internal sealed class FailingStore : IStore
{
    private readonly MemoryStore _inner = new();

    public IChangeHistory History => _inner.History;

    public bool Fails { get; set; }

    /// <summary>How many more commits succeed; null for all.</summary>
    public int? FailsAfter { get; set; }

    public bool IsUncertain { get; set; }

    public int Commits { get; private set; }

    public StoredState Load() => _inner.Load();

    public void Verify()
    {
        if (Fails)
            throw new StoreException("database or disk is full");
    }

    public void Commit(StoreBatch batch)
    {
        if (IsUncertain)
            throw new StoreOutcomeException("disk I/O error");
        if (Fails || FailsAfter-- <= 0)
            throw new StoreException("database or disk is full");
        Commits++;
        _inner.Commit(batch);
    }

    public void Dispose() => _inner.Dispose();
}
