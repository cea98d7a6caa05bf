using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Entries;

/// <summary>Entries: what both faces call.</summary>
public sealed class EntryService
{
    /// <summary>Makes the entry be as asked, and answers when it is in the kernel (or pending, if that was allowed).</summary>
    /// <param name="devmap">The devmap's name.</param>
    /// <param name="key">The key in any of its text forms.</param>
    /// <param name="request">The body.</param>
    /// <param name="faults">What the face already found wrong with the request; the service adds to it and throws all.</param>
    /// <param name="cancellationToken">Ends the waiting; a write under way finishes.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public Task<PutOutcome<EntryView>> PutAsync(string devmap, string key, EntryRequest request, Violations faults, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Removes the entry.</summary>
    public Task DeleteAsync(string devmap, string key, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>One entry, with its status as of now.</summary>
    public EntryView Get(string devmap, string key) => throw new NotImplementedException();

    /// <summary>One page of a devmap's entries.</summary>
    public EntryPage List(string devmap, EntryQuery query, Violations faults) => throw new NotImplementedException();
}
