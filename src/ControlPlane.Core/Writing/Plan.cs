using ControlPlane.Core.Ports;

namespace ControlPlane.Core.Writing;

/// <summary>What a command will do, decided against the published state.</summary>
/// <typeparam name="TResult">The command's answer.</typeparam>
/// <param name="Footprint">What it depends on or changes.</param>
/// <param name="Store">What the store is to have; empty when nothing is wanted anew.</param>
/// <param name="Revert">What sets the store back should the kernel refuse.</param>
/// <param name="Apply">Changes the kernel, then publishes. It throws before it has published anything, or not at all.</param>
internal sealed record Plan<TResult>(
    Footprint Footprint,
    IReadOnlyList<StoreChange> Store,
    IReadOnlyList<StoreChange> Revert,
    Plan<TResult>.Applying Apply)
{
    public delegate TResult Applying(WriterScope scope, WriterContext context);
}
