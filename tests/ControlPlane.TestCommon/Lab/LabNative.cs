using System.Runtime.InteropServices;

namespace ControlPlane.TestCommon.Lab;

#pragma warning disable CS8981, CS0649 // mirrors of C structs, under their names, some written by the kernel alone

/// <summary>The libc calls of the lab: namespaces and packet sockets. All return -1 with errno on failure.</summary>
internal static unsafe partial class LabNative
{
    public const int CLONE_NEWNET = 0x40000000;
    public const int O_RDONLY = 0;
    public const int O_RDWR = 2;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;
    public const int AF_PACKET = 17;
    public const int SOCK_RAW = 3;
    public const int SOCK_CLOEXEC = 0x80000;
    public const int ETH_P_ALL = 3;
    public const int SOL_SOCKET = 1;
    public const int SO_RCVBUFFORCE = 33;
    public const int SOL_PACKET = 263;
    public const int PACKET_ADD_MEMBERSHIP = 1;
    public const int PACKET_STATISTICS = 6;
    public const int PACKET_AUXDATA = 8;
    public const int PACKET_IGNORE_OUTGOING = 23;
    public const ushort PACKET_MR_PROMISC = 1;
    public const uint TP_STATUS_VLAN_VALID = 0x10;
    public const uint TP_STATUS_VLAN_TPID_VALID = 0x40;
    public const int MSG_DONTWAIT = 0x40;
    public const short POLLIN = 1;
    public const int AF_INET = 2;
    public const int SOCK_DGRAM = 2;
    public const nuint SIOCGIFFLAGS = 0x8913;
    public const ushort IFF_RUNNING = 0x40;
    public const nuint TUNSETIFF = 0x400454ca;
    public const nuint TUNSETOFFLOAD = 0x400454d0;
    public const ushort IFF_TAP = 0x2;
    public const ushort IFF_NO_PI = 0x1000;
    public const ushort IFF_VNET_HDR = 0x4000;
    public const nint TUN_F_CSUM = 1;
    public const nint TUN_F_TSO4 = 2;
    public const nint TUN_F_TSO6 = 4;

    private const string Libc = "libc";

    [LibraryImport(Libc, SetLastError = true)]
    public static partial int unshare(int flags);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial int setns(LabHandle descriptor, int type);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial int close(nint descriptor);

    [LibraryImport(Libc, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial uint if_nametoindex(string name);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial int bind(LabHandle socket, sockaddr_ll* address, uint length);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial int setsockopt(LabHandle socket, int level, int option, void* value, uint length);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial int getsockopt(LabHandle socket, int level, int option, void* value, uint* length);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial nint send(LabHandle socket, byte* buffer, nuint length, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial nint read(LabHandle descriptor, byte* buffer, nuint count);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial nint write(LabHandle descriptor, byte* buffer, nuint count);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial nint recvmsg(LabHandle socket, msghdr* message, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial int poll(pollfd* descriptors, nuint count, int timeoutMs);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial int ioctl(LabHandle socket, nuint request, ifreq* argument);

    /// <summary>Throws with errno when a call failed.</summary>
    public static nint Check(nint result, string call) => result >= 0 ? result : throw Error(call);

    public static IOException Error(string call)
    {
        var errno = Marshal.GetLastPInvokeError();
        return new IOException($"{call}: errno {errno} ({Marshal.GetPInvokeErrorMessage(errno)})");
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    public struct sockaddr_ll
    {
        public ushort sll_family;
        public ushort sll_protocol;
        public int sll_ifindex;
        public ushort sll_hatype;
        public byte sll_pkttype;
        public byte sll_halen;
        public ulong sll_addr;
    }

    public struct ifreq
    {
        public fixed byte ifr_name[16];
        public ushort ifr_flags;
        private fixed byte _rest[22];
    }

    public struct packet_mreq
    {
        public int mr_ifindex;
        public ushort mr_type;
        public ushort mr_alen;
        public ulong mr_address;
    }

    public struct tpacket_stats
    {
        public uint tp_packets;
        public uint tp_drops;
    }

    public struct tpacket_auxdata
    {
        public uint tp_status;
        public uint tp_len;
        public uint tp_snaplen;
        public ushort tp_mac;
        public ushort tp_net;
        public ushort tp_vlan_tci;
        public ushort tp_vlan_tpid;
    }

    public struct iovec
    {
        public void* iov_base;
        public nuint iov_len;
    }

    public struct msghdr
    {
        public void* msg_name;
        public uint msg_namelen;
        public iovec* msg_iov;
        public nuint msg_iovlen;
        public void* msg_control;
        public nuint msg_controllen;
        public int msg_flags;
    }

    public struct cmsghdr
    {
        public nuint cmsg_len;
        public int cmsg_level;
        public int cmsg_type;
    }

    public struct pollfd
    {
        public int fd;
        public short events;
        public short revents;
    }
}

/// <summary>Owns a file descriptor.</summary>
internal sealed class LabHandle : SafeHandle
{
    public LabHandle(nint descriptor)
        : base(-1, ownsHandle: true) => SetHandle(descriptor);

    public override bool IsInvalid => handle == -1;

    public int Descriptor => (int)handle;

    protected override bool ReleaseHandle() => LabNative.close(handle) == 0;
}
