using System.Text.Json;
using ControlPlane.Core.Attachments;
using ControlPlane.Core.Interfaces;
using ControlPlane.Core.Ports;

namespace ControlPlane.KernelTests;

/// <summary>The interfaces as <c>ip</c> tells them: independent of the code under test.</summary>
internal sealed class IpInterfaces : IInterfaces
{
    public InterfaceTable Current => List("-json", "link", "show").Aggregate(InterfaceTable.Empty, (table, info) => table.With(info));

    public InterfaceInfo? Query(string name) => Current.Find(name);

    public InterfaceInfo? Query(uint ifindex) => Current.Find(ifindex);

    public IDisposable Watch(Action<LinkChanges> onChange) => throw new NotSupportedException();

    private static IEnumerable<InterfaceInfo> List(params string[] arguments)
    {
        using var json = JsonDocument.Parse(Shell.Run("ip", arguments));
        foreach (var link in json.RootElement.EnumerateArray())
        {
            // XDP_ATTACHED_DRV is 1, XDP_ATTACHED_SKB 2.
            AttachMode? mode = !link.TryGetProperty("xdp", out var xdp) ? null
                : xdp.GetProperty("mode").GetInt32() == 1 ? AttachMode.Native : AttachMode.Generic;
            yield return new InterfaceInfo(link.GetProperty("ifindex").GetUInt32(), link.GetProperty("ifname").GetString()!) { XdpMode = mode };
        }
    }
}
