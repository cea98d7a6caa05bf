using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>
/// A candidate table that the frames of a devmap are compared with, while they go by the active table as always. The candidate is in no slot: it
/// can never become active. Disposing it removes it, and needs <see cref="End"/> before if it has begun.
/// </summary>
public interface IRehearsal : IDisposable
{
    /// <summary>Writes one element of the candidate. For one thread at a time, whichever; before <see cref="Begin"/>.</summary>
    /// <exception cref="ControlPlaneException">The egress program is unknown, or the values cannot carry one.</exception>
    /// <exception cref="KernelException">E2BIG: the candidate is full. EINVAL: no such ifindex.</exception>
    void Write(uint key, uint ifindex, string? egressProgram);

    /// <summary>Has the ingress interfaces run programs that compare each frame.</summary>
    /// <exception cref="KernelException">The kernel refused. Some interfaces may compare, until <see cref="End"/>.</exception>
    void Begin(WriterScope scope);

    /// <summary>Returns what was counted until now. Safe on any thread.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    RehearsalCounts Read();

    /// <summary>Has the ingress interfaces run their usual programs again.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    void End(WriterScope scope);
}
