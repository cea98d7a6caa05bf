using Devmapd.V1;
using EnsureTargets = ControlPlane.Core.Model.EnsureTargets;
using KeySelector = ControlPlane.Core.Model.KeySelector;
using MissAction = ControlPlane.Core.Model.MissAction;
using WireEnsure = Devmapd.V1.EnsureTargets;
using WireMissAction = Devmapd.V1.MissAction;
using WireSelector = Devmapd.V1.KeySelector;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Devmaps from Core to the contract.</summary>
internal static class DevmapMessages
{
    public static Devmapd.V1.Devmap ToMessage(this ControlPlane.Core.Model.Devmap view)
    {
        var (definition, status) = (view, view.Status);
        var message = new Devmapd.V1.Devmap
        {
            Name = definition.Name,
            MaxEntries = definition.Spec.MaxEntries,
            ValueSize = definition.Spec.ValueSize,
            KeySelector = definition.Spec.KeySelector switch
            {
                KeySelector.IngressInterface => WireSelector.IngressInterface,
                KeySelector.Vlan => WireSelector.Vlan,
                KeySelector.Ipv4Destination => WireSelector.Ipv4Destination,
                _ => throw new ArgumentOutOfRangeException(nameof(view), definition.Spec.KeySelector, "not in the contract"),
            },
            MissAction = definition.Spec.MissAction switch
            {
                MissAction.Pass => WireMissAction.Pass,
                MissAction.Drop => WireMissAction.Drop,
                MissAction.Abort => WireMissAction.Abort,
                _ => throw new ArgumentOutOfRangeException(nameof(view), definition.Spec.MissAction, "not in the contract"),
            },
            EnsureTargets = definition.Spec.EnsureTargets switch
            {
                EnsureTargets.Auto => WireEnsure.Auto,
                EnsureTargets.Off => WireEnsure.Off,
                _ => throw new ArgumentOutOfRangeException(nameof(view), definition.Spec.EnsureTargets, "not in the contract"),
            },
            Counters = definition.Spec.Counters,
            Revision = view.Revision,
            Status = new Devmapd.V1.DevmapStatus
            {
                Entries = (uint)status.Entries,
                KernelMapId = status.KernelMapId,
                RedirectProgramId = status.RedirectProgramId,
                Adopted = status.Adopted,
                Traffic = status.Traffic is { } counters ? ToMessage(counters) : null,
                Audit = status.Audit.ToMessage(),
                Drops = status.Drops?.ToMessage(),
            },
        };
        message.Status.MissedKeys.AddRange(status.MissedKeys.Select(DropMessages.ToMessage));
        message.Status.Conditions.AddRange(status.Conditions.Select(c => c.ToMessage()));
        if (definition.Spec.NumaNode is { } node)
            message.NumaNode = node;
        return message;
    }

    public static GetDevmapShapeResponse ToMessage(this ControlPlane.Core.Model.DevmapShape shape)
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

    private static DevmapTraffic ToMessage(ControlPlane.Core.Model.DevmapCounters counters) => new()
    {
        RedirectedPackets = counters.RedirectedPackets,
        RedirectedBytes = counters.RedirectedBytes,
        MissedPackets = counters.MissedPackets,
        MissedBytes = counters.MissedBytes,
        UnkeyedPackets = counters.UnkeyedPackets,
        UnkeyedBytes = counters.UnkeyedBytes,
    };
}
