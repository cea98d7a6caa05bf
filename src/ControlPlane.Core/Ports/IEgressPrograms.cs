using ControlPlane.Core.Entries;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Programs;

namespace ControlPlane.Core.Ports;

/// <summary>The egress programs in the kernel, each pinned under its name.</summary>
public interface IEgressPrograms
{
    /// <summary>Opens the programs that are pinned; called once, at start.</summary>
    /// <exception cref="ControlPlaneException">A pin is not ours.</exception>
    IReadOnlyList<LoadedProgram> Adopt(WriterScope scope);

    /// <summary>Loads an instance of a template and pins it; a program of the same name is replaced, under a new id.</summary>
    /// <exception cref="KernelException">The kernel refused; the verifier's log is with it.</exception>
    LoadedProgram Load(WriterScope scope, string name, EgressProgramSpec spec);

    /// <summary>Removes the pin. The kernel frees the program when no element carries it. False when there was none.</summary>
    bool Unload(WriterScope scope, string name);

    /// <summary>Frames and bytes the program has seen; zero when there is no such program.</summary>
    EntryCounters ReadCounters(string name);
}
