using ControlPlane.Core.Entries;

namespace ControlPlane.Core.Interfaces;

/// <summary>An interface as the API shows it.</summary>
/// <param name="Info">The facts.</param>
/// <param name="CanBeTarget">Whether a frame redirected to it, with the redirect program in native mode, would leave.</param>
/// <param name="PassProgram">Whether its XDP program is the pass program of this daemon, which makes a target accept redirected frames.</param>
/// <param name="Conditions">The checks behind <paramref name="CanBeTarget"/>.</param>
public sealed record InterfaceView(InterfaceInfo Info, bool CanBeTarget, bool PassProgram, IReadOnlyList<Condition> Conditions);
