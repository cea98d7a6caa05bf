using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>Tries actions on a frame that nobody sends.</summary>
public interface IActionDryRun
{
    /// <summary>
    /// Returns the result of actions on a frame, as the programs of an ingress would apply them. Nothing is sent and nothing counts.
    /// Safe on any thread; it loads a program for the purpose, about a millisecond.
    /// </summary>
    /// <param name="actions">The actions.</param>
    /// <param name="frame">From the destination address on, tags in it, without checksum; at least 14 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The frame is shorter than an Ethernet header.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    ActionVerdict DryRun(EntryActions actions, ReadOnlyMemory<byte> frame);
}
