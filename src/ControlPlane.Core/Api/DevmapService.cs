using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Api;

/// <summary>The devmap operations of the API.</summary>
internal sealed class DevmapService
{
    private readonly ControlPlaneState _state;

    private readonly IKernel _kernel;
    private readonly DropReader _drops;

    public DevmapService(ControlPlaneState state, IKernel kernel, DropReader drops) =>
        (_state, _kernel, _drops) = (state, kernel, drops);

    /// <summary>Returns all devmaps, in order of their names.</summary>
    /// <exception cref="ControlPlaneException">The request is not valid.</exception>
    public IReadOnlyList<Devmap> List(RequestContext request)
    {
        request.Violations.ThrowIfAny();
        return [.. _state.Current.Devmaps.Values.Select(View)];
    }

    /// <summary>One devmap.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>.</exception>
    public Devmap Get(string devmap, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        return View(_state.Current.Devmap(devmap));
    }

    /// <summary>How the entries of a devmap lie in the kernel's hash, and what that costs.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>.</exception>
    public DevmapShape GetShape(string devmap, RequestContext request)
    {
        request.Violations.ThrowIfAny();
        var state = _state.Current.Devmap(devmap);
        return state.Entries.Shape with { EntryTable = _state.Handles[state.Id].ReadTableUse() };
    }

    private Devmap View(DevmapState devmap)
    {
        var (map, interfaces) = (_state.Handles[devmap.Id], _kernel.Interfaces.Refresh());
        var traffic = map.ReadTotals();
        return new Devmap(
            devmap.Definition.Name,
            devmap.Revision,
            devmap.Definition.CreateTime,
            devmap.Definition.UpdateTime,
            devmap.Definition.Spec,
            new DevmapStatus(
                devmap.Entries.Count,
                map.MapId,
                map.RedirectProgramId,
                map.Adopted,
                traffic,
                _drops.OfDevmap(devmap, map.ProgramIds, traffic),
                [.. map.ReadMissedKeys().Select(m => new MissedKey(KeyTextOf(devmap, m.KernelKey, interfaces), m.KernelKey, m.Packets, m.LastSeen))],
                _state.Audits.Of(devmap.Id).Summary,
                [ShapeReader.Judge(devmap.Entries.Shape) with { LastTransitionTime = devmap.SpreadSince }, Capacity.Judge(devmap)]));
    }

    // The text form that the key of an entry would have.
    private static string KeyTextOf(DevmapState devmap, uint kernelKey, InterfaceTable interfaces)
    {
        var selector = devmap.Definition.Spec.KeySelector;
        return selector.Format(selector.Identify(kernelKey, interfaces));
    }
}
