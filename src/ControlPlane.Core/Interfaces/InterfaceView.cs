using ControlPlane.Core.Entries;

namespace ControlPlane.Core.Interfaces;

/// <summary>An interface as the API shows it.</summary>
/// <param name="Info">The facts.</param>
/// <param name="CanBeTarget">Whether a frame redirected to it, with the redirect program in native mode, would leave.</param>
/// <param name="Conditions">The checks behind that.</param>
public sealed record InterfaceView(InterfaceInfo Info, bool CanBeTarget, IReadOnlyList<Condition> Conditions);
