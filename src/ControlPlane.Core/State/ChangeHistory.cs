using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.State;

/// <summary>
/// The changes that the store keeps, as readers may see them: up to the revision at which the outcome of each is known. A change that the kernel
/// has refused stands in the store until the next commit takes it back; until then no reader sees that commit.
/// </summary>
internal sealed class ChangeHistory(IStore store)
{
    private long _final;

    /// <summary>The last revision that readers may see.</summary>
    public long Final => Volatile.Read(ref _final);

    /// <summary>The oldest revision after which all changes are kept.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public long Floor => store.History.Floor;

    /// <summary>The outcome of all changes up to this revision is known. For the writer only.</summary>
    public void Settle(long revision) => Volatile.Write(ref _final, revision);

    /// <summary>Returns the next commits after a revision, the oldest first. See <see cref="IChangeHistory.Read"/>.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public IReadOnlyList<ChangeCommit>? Read(long after, int most) => store.History.Read(after, Final, most);

    /// <summary>Returns the commits before a revision, the newest first. See <see cref="IChangeHistory.ReadBack"/>.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public IReadOnlyList<ChangeCommit> ReadBack(long before, int most) => store.History.ReadBack(Math.Min(before, Final + 1), most);
}
