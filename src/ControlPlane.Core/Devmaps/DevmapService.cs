using ControlPlane.Core.Errors;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Devmaps;

/// <summary>Devmaps: what both faces call.</summary>
public sealed class DevmapService
{
    private readonly ControlPlaneState _state;

    internal DevmapService(ControlPlaneState state) => _state = state;

    /// <summary>All devmaps, in order of their names.</summary>
    public IReadOnlyList<DevmapView> List() => [.. _state.Devmaps.Values.Select(View)];

    /// <summary>One devmap.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>.</exception>
    public DevmapView Get(string devmap) => View(_state.Devmap(devmap));

    private static DevmapView View(DevmapState devmap) => new(
        devmap.Definition,
        devmap.Revision,
        devmap.Entries.Count,
        devmap.Kernel.MapId,
        devmap.Kernel.RedirectProgramId,
        devmap.Kernel.Adopted,
        devmap.Kernel.ReadTotals(),
        devmap.Audits);
}
