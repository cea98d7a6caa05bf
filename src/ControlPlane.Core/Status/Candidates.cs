using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>Chooses the interface that a remedy names where the caller has named none.</summary>
internal static class Candidates
{
    /// <summary>Returns the remedy for a devmap whose redirect program runs nowhere. Virtual interfaces come before hardware, which attaching resets.</summary>
    public static Remedy Attach(Snapshot state, string devmap, InterfaceTable interfaces)
    {
        var held = state.Devmaps.Values.SelectMany(d => d.Attachments.Keys).Select(interfaces.Canonical).ToHashSet(StringComparer.Ordinal);
        var candidate = Best(interfaces, i => !held.Contains(i.Name));
        return CommonRemedies.AttachAnywhere(devmap, candidate?.Name, candidate?.IsHardware == true);
    }

    /// <summary>Returns the name of an interface that an entry can send frames of an ingress interface to; null if there is none.</summary>
    public static string? Target(InterfaceTable interfaces, string? ingress) =>
        Best(interfaces, i => LinkKinds.Sends(i) && (ingress is null || i.Name != interfaces.Canonical(ingress)))?.Name;

    private static InterfaceInfo? Best(InterfaceTable interfaces, Func<InterfaceInfo, bool> suits) =>
        interfaces.All.Where(i => i.CarriesEthernet && i.Name != InterfaceName.Loopback && suits(i)).MinBy(i => (!i.IsUp, !i.HasCarrier, i.IsHardware, i.Ifindex));
}
