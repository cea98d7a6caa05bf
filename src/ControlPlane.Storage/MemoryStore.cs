using ControlPlane.Core.Ports;

namespace ControlPlane.Storage;

/// <summary>A store that lasts as long as the process: for the simulated kernel, whose pins do not last longer either.</summary>
/// <param name="history">How long changes are kept; null for the defaults.</param>
public sealed class MemoryStore(HistoryOptions? history = null) : IStore
{
    private readonly StoreContents _contents = new();
    private readonly MemoryHistory _history = new(history ?? new HistoryOptions());
    private long _revision;

    /// <inheritdoc/>
    public IChangeHistory History => _history;

    /// <inheritdoc/>
    public StoredState Load() => _contents.ToState(_revision);

    /// <inheritdoc/>
    public void Commit(StoreBatch batch)
    {
        var row = HistoryRow.Of(batch, _revision);
        foreach (var change in batch.Changes)
            _contents.Apply(change);
        _revision = batch.Revision;
        if (row is not null)
            _history.Add(row);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
