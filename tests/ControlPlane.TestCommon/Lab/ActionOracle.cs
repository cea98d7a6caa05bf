using System.Buffers.Binary;
using ControlPlane.Core.Model;

namespace ControlPlane.TestCommon.Lab;

/// <summary>The frames that actions must make of others. Checksums are reckoned from the start and not from what was there.</summary>
public static class ActionOracle
{
    private const int TypeOffset = 12;
    private const int TagBytes = 4;
    private const int MaxTags = 2;
    private const int Ipv4Bytes = 20;
    private const int Ipv6Bytes = 40;
    private const ushort Ipv4 = 0x0800;
    private const ushort Ipv6 = 0x86dd;

    /// <summary>Returns the outcome for a frame, and the frame itself if it goes on.</summary>
    public static (ActionOutcome Outcome, byte[]? Frame) After(EntryActions actions, byte[] frame)
    {
        var changed = frame.ToArray();
        var (at, type) = NetworkOf(frame);
        var isCut = type is VlanTag.CustomerProtocol or VlanTag.ServiceProtocol && TagsOf(frame) < MaxTags;
        if (actions.DecrementTtl)
        {
            if (isCut || frame.Length < at + HeaderBytes(type))
                return (ActionOutcome.Failed, null);
            if (HopsAt(at, type) is { } hops)
            {
                if (frame[hops] <= 1)
                    return (ActionOutcome.Expired, null);
                changed[hops]--;
            }

            if (type == Ipv4)
                WriteChecksum(changed.AsSpan(at, Ipv4Bytes));
        }

        var isTagged = TagsOf(frame) > 0;
        if (((actions.SetVlan is not null || actions.PopVlan) && !isTagged) || (actions.PushVlan is not null && isCut && !isTagged))
            return (ActionOutcome.Failed, null);
        changed = Frames.WithMacs(changed, actions.SourceMac ?? MacAddress.Read(frame.AsSpan(6, 6)), actions.DestinationMac ?? MacAddress.Read(frame.AsSpan(0, 6)));
        var tci = isTagged ? BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(TypeOffset + 2)) : 0;
        if (actions.SetVlan is { } set)
            BinaryPrimitives.WriteUInt16BigEndian(changed.AsSpan(TypeOffset + 2), (ushort)((tci & 0xf000) | set));
        if (actions.PushVlan is { } push)
            changed = Frames.WithTag(changed, new VlanTag(push, Priority: (byte)(tci >> 13)));
        return (ActionOutcome.Applied, actions.PopVlan ? Frames.WithoutTag(changed) : changed);
    }

    /// <summary>The frame with this TTL or hop limit.</summary>
    public static byte[] WithHops(byte[] frame, byte hops)
    {
        var changed = frame.ToArray();
        var (at, type) = NetworkOf(frame);
        changed[HopsAt(at, type) ?? throw new ArgumentException("it is not a frame of IP", nameof(frame))] = hops;
        if (type == Ipv4)
            WriteChecksum(changed.AsSpan(at, Ipv4Bytes));
        return changed;
    }

    private static int? HopsAt(int network, ushort type) => type switch
    {
        Ipv4 => network + 8,
        Ipv6 => network + 7,
        _ => null,
    };

    private static int HeaderBytes(ushort type) => type switch
    {
        Ipv4 => Ipv4Bytes,
        Ipv6 => Ipv6Bytes,
        _ => 0,
    };

    // With the type behind it, which belongs to the tag in a program.
    private static int TagsOf(byte[] frame)
    {
        var tags = 0;
        for (var at = TypeOffset; at + TagBytes + 2 <= frame.Length; at += TagBytes, tags++)
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(at)) is not (VlanTag.CustomerProtocol or VlanTag.ServiceProtocol))
                break;
        }

        return tags;
    }

    private static (int Offset, ushort Type) NetworkOf(byte[] frame)
    {
        var at = TypeOffset + (Math.Min(TagsOf(frame), MaxTags) * TagBytes);
        return (at + 2, BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(at)));
    }

    private static void WriteChecksum(Span<byte> header)
    {
        header[10..12].Clear();
        var sum = 0u;
        for (var i = 0; i < header.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(header[i..]);
        while (sum > ushort.MaxValue)
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], (ushort)~sum);
    }
}
