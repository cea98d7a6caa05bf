using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>The changes that a store keeps. Any thread may read them, also while the writer commits.</summary>
public interface IChangeHistory
{
    /// <summary>The oldest revision after which all changes are kept.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    long Floor { get; }

    /// <summary>Returns the next commits after a revision, the oldest first.</summary>
    /// <param name="after">The revision. Changes up to it are left out of the first commit.</param>
    /// <param name="upTo">The last revision to read. A commit that ends later is not returned.</param>
    /// <param name="most">The number of changes at which no further commit is read, at least 1. One commit can have more.</param>
    /// <returns>The commits; none if there is none up to the last revision. Null if some of the changes are no longer kept.</returns>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    IReadOnlyList<ChangeCommit>? Read(long after, long upTo, int most);

    /// <summary>Returns the commits before a revision, the newest first.</summary>
    /// <param name="before">The revision. A commit that has it or a later one is not returned.</param>
    /// <param name="most">The number of changes at which no further commit is read, at least 1. One commit can have more.</param>
    /// <returns>The commits; none if no earlier one is kept.</returns>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    IReadOnlyList<ChangeCommit> ReadBack(long before, int most);
}

/// <summary>The history of a store that keeps none.</summary>
public sealed class NoHistory : IChangeHistory
{
    private NoHistory()
    {
    }

    /// <summary>The one instance.</summary>
    public static NoHistory Instance { get; } = new();

    /// <inheritdoc/>
    public long Floor => long.MaxValue;

    /// <inheritdoc/>
    public IReadOnlyList<ChangeCommit>? Read(long after, long upTo, int most) => null;

    /// <inheritdoc/>
    public IReadOnlyList<ChangeCommit> ReadBack(long before, int most) => [];
}

/// <summary>How long changes are kept.</summary>
public sealed record HistoryOptions
{
    /// <summary>The age at which changes go. At least a minute.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The bytes that changes may take in the store: the oldest go first. At least 64 KiB.</summary>
    public long MaxBytes { get; init; } = 256L * 1024 * 1024;
}
