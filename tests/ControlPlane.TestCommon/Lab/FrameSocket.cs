using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using static ControlPlane.TestCommon.Lab.LabNative;

namespace ControlPlane.TestCommon.Lab;

/// <summary>
/// Sends and receives whole Ethernet frames on one interface (AF_PACKET). It receives what comes in, promiscuously, and
/// not what is sent there; VLAN tags, which the kernel takes off, are put back. One thread may send while another receives.
/// </summary>
public sealed unsafe class FrameSocket : IDisposable
{
    private const int EINTR = 4;
    private const int EAGAIN = 11;
    private const int ENETDOWN = 100;
    private const int ENOBUFS = 105;
    private const int MacAddresses = 12;
    private const int TagBytes = 4;
    private const int MaxFrameBytes = 70_000;
    private const int ReceiveBufferBytes = 128 * 1024 * 1024;
    private const int SendAttempts = 200;

    private readonly LabHandle _socket;
    private readonly byte[] _buffer = new byte[MaxFrameBytes];

    private FrameSocket(LabHandle socket, string interfaceName) => (_socket, InterfaceName) = (socket, interfaceName);

    /// <summary>The interface it was opened on.</summary>
    public string InterfaceName { get; }

    /// <summary>Opens it on an interface of a namespace; it receives from now on, down and up again included.</summary>
    public static FrameSocket Open(NetworkNamespace space, string interfaceName) => space.Run(() => Open(interfaceName));

    /// <summary>Opens it at the far end of a pair.</summary>
    public static FrameSocket OpenPeer(VethPair pair) => Open(pair.PeerNamespace, pair.PeerName);

    /// <summary>Sends one frame, from its destination address on, without checksum or padding.</summary>
    /// <exception cref="IOException">The kernel refused; a full queue is waited for.</exception>
    public void Send(ReadOnlySpan<byte> frame)
    {
        fixed (byte* bytes = frame)
        {
            for (var attempt = 1; send(_socket, bytes, (nuint)frame.Length, 0) < 0; attempt++)
            {
                var errno = Marshal.GetLastPInvokeError();
                if (errno == ENETDOWN && attempt == 1)
                    continue; // the socket still tells that the interface was down since it was last asked
                if (errno is not (ENOBUFS or EAGAIN or EINTR) || attempt == SendAttempts)
                    throw Error($"send of {frame.Length} bytes on {InterfaceName}");
                Thread.Sleep(1);
            }
        }
    }

    /// <summary>The next frame; null when none came within the time.</summary>
    public byte[]? Receive(TimeSpan timeout)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (TryReceive() is { } frame)
                return frame;
            var left = timeout - clock.Elapsed;
            if (left <= TimeSpan.Zero)
                return null;
            var ready = new pollfd { fd = _socket.Descriptor, events = POLLIN };
            poll(&ready, 1, (int)Math.Ceiling(left.TotalMilliseconds));
        }
    }

    /// <summary>The next frames of a run, in order of arrival: as many as asked for, or fewer when the time is over.</summary>
    public IReadOnlyList<byte[]> Receive(ulong run, int count, TimeSpan deadline)
    {
        var clock = Stopwatch.StartNew();
        var frames = new List<byte[]>();
        while (frames.Count < count && deadline - clock.Elapsed is { Ticks: > 0 } left && Receive(left) is { } frame)
        {
            if (FrameMark.TryRead(frame, out var mark) && mark.Run == run)
                frames.Add(frame);
        }

        return frames;
    }

    /// <summary>The frames of a run that have come and those that still come, until none has for this long.</summary>
    public IReadOnlyList<byte[]> ReceiveUntilQuiet(ulong run, TimeSpan quiet)
    {
        var frames = new List<byte[]>();
        while (Receive(quiet) is { } frame)
        {
            if (FrameMark.TryRead(frame, out var mark) && mark.Run == run)
                frames.Add(frame);
        }

        return frames;
    }

    /// <summary>Frames this socket had no room for since the last call: while it is not 0, no count is exact.</summary>
    public uint TakeDropped()
    {
        tpacket_stats statistics;
        var length = (uint)sizeof(tpacket_stats);
        Check(getsockopt(_socket, SOL_PACKET, PACKET_STATISTICS, &statistics, &length), "PACKET_STATISTICS");
        return statistics.tp_drops;
    }

    /// <inheritdoc />
    public void Dispose() => _socket.Dispose();

    private static FrameSocket Open(string interfaceName)
    {
        var ifindex = (int)if_nametoindex(interfaceName);
        if (ifindex == 0)
            throw Error($"if_nametoindex({interfaceName})");
        // Protocol 0: nothing is received, from whichever interface, before it is bound.
        var handle = new LabHandle(Check(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "socket(AF_PACKET)"));
        try
        {
            var on = 1;
            var size = ReceiveBufferBytes;
            var promiscuous = new packet_mreq { mr_ifindex = ifindex, mr_type = PACKET_MR_PROMISC };
            var address = new sockaddr_ll
            {
                sll_family = AF_PACKET,
                sll_protocol = BinaryPrimitives.ReverseEndianness((ushort)ETH_P_ALL),
                sll_ifindex = ifindex,
            };
            Check(setsockopt(handle, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(int)), "SO_RCVBUFFORCE");
            Check(setsockopt(handle, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(int)), "PACKET_IGNORE_OUTGOING");
            Check(setsockopt(handle, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(int)), "PACKET_AUXDATA");
            Check(setsockopt(handle, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, (uint)sizeof(packet_mreq)), "PACKET_ADD_MEMBERSHIP");
            Check(bind(handle, &address, (uint)sizeof(sockaddr_ll)), $"bind({interfaceName})");
            return new FrameSocket(handle, interfaceName);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private byte[]? TryReceive()
    {
        const int ControlBytes = 64;
        var control = stackalloc ulong[ControlBytes / sizeof(ulong)];
        fixed (byte* bytes = _buffer)
        {
            var data = new iovec { iov_base = bytes, iov_len = MaxFrameBytes };
            var message = new msghdr { msg_iov = &data, msg_iovlen = 1, msg_control = control, msg_controllen = ControlBytes };
            var length = recvmsg(_socket, &message, MSG_DONTWAIT);
            if (length >= 0)
                return WithTag(_buffer.AsSpan(0, (int)length), message);
            return Marshal.GetLastPInvokeError() is EAGAIN or EINTR or ENETDOWN ? null : throw Error($"recvmsg on {InterfaceName}");
        }
    }

    private static byte[] WithTag(ReadOnlySpan<byte> frame, in msghdr message)
    {
        var header = (cmsghdr*)message.msg_control;
        if (message.msg_controllen < (nuint)(sizeof(cmsghdr) + sizeof(tpacket_auxdata)) || header->cmsg_level != SOL_PACKET || header->cmsg_type != PACKET_AUXDATA)
            return frame.ToArray();
        var auxiliary = (tpacket_auxdata*)(header + 1);
        if ((auxiliary->tp_status & TP_STATUS_VLAN_VALID) == 0)
            return frame.ToArray();
        var tagged = new byte[frame.Length + TagBytes];
        frame[..MacAddresses].CopyTo(tagged);
        var protocol = (auxiliary->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? auxiliary->tp_vlan_tpid : VlanTag.CustomerProtocol;
        BinaryPrimitives.WriteUInt16BigEndian(tagged.AsSpan(MacAddresses), protocol);
        BinaryPrimitives.WriteUInt16BigEndian(tagged.AsSpan(MacAddresses + 2), auxiliary->tp_vlan_tci);
        frame[MacAddresses..].CopyTo(tagged.AsSpan(MacAddresses + TagBytes));
        return tagged;
    }
}
