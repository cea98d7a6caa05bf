using System.Buffers.Binary;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>The actions of entries on the bytes of a frame, as the redirect programs apply them.</summary>
internal sealed class SimulatedActions : IActionDryRun
{
    private const int MacBytes = 6;
    private const int TypeOffset = 2 * MacBytes;
    private const int EthernetBytes = 14;
    private const int TagBytes = 4;
    private const int MaxTags = 2;
    private const int Ipv4Bytes = 20;
    private const int Ipv6Bytes = 40;
    private const ushort Ipv4 = 0x0800;
    private const ushort Ipv6 = 0x86dd;
    private const ushort Tag = 0x8100;
    private const ushort ServiceTag = 0x88a8;
    private const int TtlOffset = 8;
    private const int HopLimitOffset = 7;
    private const ushort IdMask = 0x0fff;
    private const ushort PriorityMask = 0xe000;

    public ActionVerdict DryRun(EntryActions actions, ReadOnlyMemory<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frame.Length, IEgressPrograms.MinFrameBytes);
        var bytes = frame.ToArray();
        if (actions.DecrementTtl && LowerTtl(bytes) is var outcome and not ActionOutcome.Applied)
            return new ActionVerdict(outcome, frame);
        var isTagged = IsTag(TypeAt(bytes, TypeOffset));
        var isCut = isTagged && bytes.Length < EthernetBytes + TagBytes;
        if (((actions.SetVlan is not null || actions.PopVlan) && !isTagged) || (isCut && (actions.SetVlan ?? actions.PushVlan) is not null) || (isCut && actions.PopVlan))
            return new ActionVerdict(ActionOutcome.Failed, frame);
        actions.SourceMac?.CopyTo(bytes.AsSpan(MacBytes));
        actions.DestinationMac?.CopyTo(bytes);
        return new ActionVerdict(ActionOutcome.Applied, WithVlan(actions, bytes, isTagged));
    }

    private static byte[] WithVlan(EntryActions actions, byte[] bytes, bool isTagged)
    {
        var tci = isTagged && bytes.Length >= EthernetBytes + TagBytes ? TypeAt(bytes, EthernetBytes) : (ushort)0;
        if (actions.PopVlan)
            return [.. bytes[..TypeOffset], .. bytes[(TypeOffset + TagBytes)..]];
        if (actions.SetVlan is { } set)
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(EthernetBytes), (ushort)((tci & ~IdMask) | set));
        if (actions.PushVlan is not { } push)
            return bytes;
        byte[] tag = [Tag >> 8, Tag & 0xff, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(tag.AsSpan(2), (ushort)((tci & PriorityMask) | push));
        return [.. bytes[..TypeOffset], .. tag, .. bytes[TypeOffset..]];
    }

    private static ActionOutcome LowerTtl(byte[] bytes)
    {
        var at = TypeOffset;
        for (var tags = 0; tags < MaxTags && IsTag(TypeAt(bytes, at)); tags++)
        {
            at += TagBytes;
            if (bytes.Length < at + 2)
                return ActionOutcome.Failed;
        }

        var (ip, type) = (at + 2, TypeAt(bytes, at));
        // Only IP has a limit of hops. All else goes on.
        if (type is not (Ipv4 or Ipv6))
            return ActionOutcome.Applied;
        if (bytes.Length < ip + (type == Ipv4 ? Ipv4Bytes : Ipv6Bytes))
            return ActionOutcome.Failed;
        ref var hops = ref bytes[ip + (type == Ipv4 ? TtlOffset : HopLimitOffset)];
        if (hops <= 1)
            return ActionOutcome.Expired;
        hops--;
        if (type == Ipv6)
            return ActionOutcome.Applied;
        // RFC 1624, as the kernel does it. The sum does not depend on the order of the bytes.
        var check = bytes.AsSpan(ip + 10);
        var sum = BinaryPrimitives.ReadUInt16LittleEndian(check) + 1;
        BinaryPrimitives.WriteUInt16LittleEndian(check, (ushort)(sum + (sum >= ushort.MaxValue ? 1 : 0)));
        return ActionOutcome.Applied;
    }

    private static ushort TypeAt(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at));

    private static bool IsTag(ushort type) => type is Tag or ServiceTag;
}
