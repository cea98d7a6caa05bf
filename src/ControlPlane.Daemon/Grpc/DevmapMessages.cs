using ControlPlane.Core.Devmaps;
using Devmapd.V1;
using KeySelector = ControlPlane.Core.Devmaps.KeySelector;
using MissAction = ControlPlane.Core.Devmaps.MissAction;
using WireMissAction = Devmapd.V1.MissAction;
using WireSelector = Devmapd.V1.KeySelector;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Devmaps from Core to the contract.</summary>
internal static class DevmapMessages
{
    public static Devmap ToMessage(this DevmapView view)
    {
        var definition = view.Definition;
        var message = new Devmap
        {
            Name = definition.Name,
            MaxEntries = definition.MaxEntries,
            ValueSize = definition.ValueSize,
            KeySelector = definition.KeySelector switch
            {
                KeySelector.IngressInterface => WireSelector.IngressInterface,
                KeySelector.Vlan => WireSelector.Vlan,
                KeySelector.Ipv4Destination => WireSelector.Ipv4Destination,
                _ => throw new ArgumentOutOfRangeException(nameof(view), definition.KeySelector, "not in the contract"),
            },
            MissAction = definition.MissAction switch
            {
                MissAction.Pass => WireMissAction.Pass,
                MissAction.Drop => WireMissAction.Drop,
                MissAction.Abort => WireMissAction.Abort,
                _ => throw new ArgumentOutOfRangeException(nameof(view), definition.MissAction, "not in the contract"),
            },
            Counters = definition.Counters,
            Revision = view.Revision,
            Status = new DevmapStatus
            {
                Entries = (uint)view.Entries,
                KernelMapId = view.KernelMapId,
                RedirectProgramId = view.RedirectProgramId,
                Adopted = view.Adopted,
                Traffic = view.Counters is { } counters ? ToMessage(counters) : null,
                Audit = view.Audits.ToMessage(),
            },
        };
        if (definition.NumaNode is { } node)
            message.NumaNode = node;
        return message;
    }

    private static DevmapTraffic ToMessage(DevmapCounters counters) => new()
    {
        RedirectedPackets = counters.RedirectedPackets,
        RedirectedBytes = counters.RedirectedBytes,
        MissedPackets = counters.MissedPackets,
        MissedBytes = counters.MissedBytes,
        UnkeyedPackets = counters.UnkeyedPackets,
        UnkeyedBytes = counters.UnkeyedBytes,
    };
}
