using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>The interfaces of the daemon's network namespace.</summary>
public interface IInterfaces
{
    /// <summary>All interfaces, kept up to date by notifications: late by the time these take (well under a millisecond when idle).</summary>
    InterfaceTable Current { get; }

    /// <summary>Asks the kernel, now, for the interface of this name. Null when there is none.</summary>
    InterfaceInfo? Query(string name);

    /// <summary>Asks the kernel, now, for the interface of this index. Null when there is none.</summary>
    InterfaceInfo? Query(uint ifindex);

    /// <summary>
    /// Calls <paramref name="onChange"/> after <see cref="Current"/> has changed, with the names and indexes touched;
    /// from the monitor's thread, one call at a time. Changes may be folded together. Dispose to end.
    /// </summary>
    IDisposable Watch(Action<LinkChanges> onChange);
}

/// <summary>Which interfaces changed; what is true of them now stands in <see cref="IInterfaces.Current"/>.</summary>
/// <param name="Names">Names that appeared, went or changed, old names of renamed interfaces included.</param>
/// <param name="Everything">Notifications were lost: anything may have changed.</param>
public sealed record LinkChanges(IReadOnlySet<string> Names, bool Everything);
