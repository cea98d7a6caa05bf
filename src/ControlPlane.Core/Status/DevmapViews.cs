using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>Shows devmaps.</summary>
internal sealed class DevmapViews(ControlPlaneState state, IKernel kernel, DropReader drops)
{
    /// <summary>Returns devmaps as the API shows them. A devmap that is removed meanwhile is left out.</summary>
    public IEnumerable<Devmap> ViewAll(IEnumerable<DevmapState> devmaps)
    {
        foreach (var devmap in devmaps)
        {
            Devmap view;
            try
            {
                view = View(devmap);
            }
            catch (ControlPlaneException e) when (e.Error.Code == ErrorCode.DevmapNotFound)
            {
                continue;
            }

            yield return view;
        }
    }

    /// <summary>Returns a devmap as the API shows it.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>: it has been removed meanwhile.</exception>
    public Devmap View(DevmapState devmap)
    {
        var (map, interfaces) = (state.Handles[devmap.Id], kernel.Interfaces.Refresh());
        var traffic = map.ReadTotals();
        return new Devmap(
            devmap.Definition.Name,
            devmap.Revision,
            devmap.Definition.Revision,
            devmap.Definition.CreateTime,
            devmap.Definition.UpdateTime,
            devmap.Definition.Spec,
            new DevmapStatus(
                devmap.Definition.DeclaredIn,
                devmap.Entries.Count,
                map.MapId,
                map.RedirectProgramId,
                map.Adopted,
                traffic,
                drops.OfDevmap(devmap, map.ProgramIds, traffic),
                [.. map.ReadMissedKeys().Select(m => new MissedKey(KeyTextOf(devmap, m.KernelKey, interfaces), m.KernelKey, m.Packets, m.LastSeen))],
                state.Audits.Of(devmap.Id).Summary,
                [ShapeReader.Judge(devmap.Entries.Shape) with { LastTransitionTime = devmap.SpreadSince }, Capacity.Judge(devmap)]));
    }

    // The text form that the key of an entry would have.
    private static string KeyTextOf(DevmapState devmap, uint kernelKey, InterfaceTable interfaces)
    {
        var selector = devmap.Definition.Spec.KeySelector;
        return selector.Format(selector.Identify(kernelKey, interfaces));
    }
}
