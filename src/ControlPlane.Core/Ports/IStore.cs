using ControlPlane.Core.Storing;

namespace ControlPlane.Core.Ports;

/// <summary>
/// Where desired state survives. The port speaks of batches and revisions only, so that a store that many hosts share can
/// stand behind it as well as a local file.
/// </summary>
public interface IStore : IDisposable
{
    /// <summary>All that is stored, as of one revision.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    StoredState Load();

    /// <summary>
    /// Makes all changes of the batch durable in one transaction, or none. When it returns, they survive a crash of the
    /// process and of the host.
    /// </summary>
    /// <exception cref="StoreException">Nothing was changed. The next call may succeed: a full disk can be cleared.</exception>
    void Commit(StoreBatch batch);
}
