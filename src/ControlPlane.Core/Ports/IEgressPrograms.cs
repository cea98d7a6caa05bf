using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>The egress programs in the kernel, each pinned under its name.</summary>
public interface IEgressPrograms
{
    /// <summary>The shortest frame that <see cref="DryRun"/> takes: an Ethernet header (<c>ETH_HLEN</c>).</summary>
    const int MinFrameBytes = 14;

    /// <summary>Opens the programs that are pinned; called once, at start.</summary>
    /// <exception cref="ControlPlaneException">A pin is not ours.</exception>
    IReadOnlyList<LoadedProgram> Adopt(WriterScope scope);

    /// <summary>Loads an instance of a template and pins it; a program of the same name is replaced, under a new id.</summary>
    /// <exception cref="KernelException">The kernel refused; the verifier's log is with it.</exception>
    LoadedProgram Load(WriterScope scope, string name, EgressProgramConfig config);

    /// <summary>Removes the pin. The kernel frees the program when no element carries it. False when there was none.</summary>
    bool Unload(WriterScope scope, string name);

    /// <summary>Frames and bytes the program has seen; zero when there is no such program.</summary>
    EntryCounters ReadCounters(string name);

    /// <summary>
    /// Returns the result of a program with this template and parameters, loaded or not, on a frame. Nothing is sent and nothing that is
    /// loaded is touched or counts; what the device would do with the result (its MTU, say) is not part of it. Safe on any
    /// thread; it loads a program for the purpose, about a millisecond.
    /// </summary>
    /// <param name="config">Template and parameters.</param>
    /// <param name="frame">From the destination address on, without checksum; at least 14 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The frame is shorter than an Ethernet header.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    EgressVerdict DryRun(EgressProgramConfig config, ReadOnlyMemory<byte> frame);
}

/// <summary>An egress program in the kernel.</summary>
/// <param name="Name">The name it is pinned under.</param>
/// <param name="Config">Template and parameters, as loaded.</param>
/// <param name="ProgramId">Its id, as elements of a devmap show it when read.</param>
public sealed record LoadedProgram(string Name, EgressProgramConfig Config, uint ProgramId);
