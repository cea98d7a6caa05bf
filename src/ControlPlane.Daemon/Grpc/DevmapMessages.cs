using ControlPlane.Core.Devmaps;
using Devmapd.V1;
using EnsureTargets = ControlPlane.Core.Devmaps.EnsureTargets;
using KeySelector = ControlPlane.Core.Devmaps.KeySelector;
using MissAction = ControlPlane.Core.Devmaps.MissAction;
using WireEnsure = Devmapd.V1.EnsureTargets;
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
            EnsureTargets = definition.EnsureTargets switch
            {
                EnsureTargets.Auto => WireEnsure.Auto,
                EnsureTargets.Off => WireEnsure.Off,
                _ => throw new ArgumentOutOfRangeException(nameof(view), definition.EnsureTargets, "not in the contract"),
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
                Drops = view.Drops?.ToMessage(),
            },
        };
        message.Status.MissedKeys.AddRange(view.MissedKeys.Select(DropMessages.ToMessage));
        message.Status.Conditions.AddRange(view.Conditions.Select(c => c.ToMessage()));
        if (definition.NumaNode is { } node)
            message.NumaNode = node;
        return message;
    }

    public static GetDevmapShapeResponse ToMessage(this DevmapShape shape)
    {
        var message = new GetDevmapShapeResponse
        {
            Entries = (uint)shape.Entries,
            Buckets = (uint)shape.Buckets,
            UsedBuckets = (uint)shape.UsedBuckets,
            LongestChain = (uint)shape.LongestChain,
            ChainsOver8 = (uint)shape.ChainsOver8,
            MemoryBytes = (ulong)shape.MemoryBytes,
            LongestLookupNs = shape.Costs.LongestLookup,
            BroadcastNs = shape.Costs.Broadcast,
            WalkNs = shape.Costs.Walk,
        };
        if (shape.LongestChainKey is { } key)
            message.LongestChainKey = key;
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
