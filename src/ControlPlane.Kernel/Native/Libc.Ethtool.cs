using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Native;

/// <summary>The calls of ethtool on features (<c>SIOCETHTOOL</c>), in the network namespace of the socket.</summary>
internal static unsafe partial class Libc
{
    public const int AF_UNIX = 1;
    public const int SOCK_DGRAM = 2;
    public const nuint SIOCETHTOOL = 0x8946;

    // linux/ethtool.h
    public const uint ETHTOOL_GTXCSUM = 0x16;
    public const uint ETHTOOL_STXCSUM = 0x17;
    public const uint ETHTOOL_GTSO = 0x1e;
    public const uint ETHTOOL_STSO = 0x1f;
    public const uint ETHTOOL_GFLAGS = 0x25;
    public const uint ETHTOOL_SFLAGS = 0x26;
    public const uint ETHTOOL_GGRO = 0x2b;
    public const uint ETHTOOL_SGRO = 0x2c;
    public const uint ETHTOOL_GSTRINGS = 0x1b;
    public const uint ETHTOOL_GFEATURES = 0x3a;
    public const uint ETHTOOL_SFEATURES = 0x3b;
    public const uint ETH_SS_FEATURES = 4;
    public const int ETH_GSTRING_LEN = 32;
    public const uint ETH_FLAG_TXVLAN = 1 << 7;

    /// <summary>Variadic in C, with one pointer argument.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial int ioctl(FileDescriptor fd, nuint request, void* argument);
}

#pragma warning disable CS8981 // the names of the C structs

/// <summary><c>struct ifreq</c> (net/if.h) with a pointer in its union.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ifreq
{
    public fixed byte ifr_name[16];
    public void* ifr_data;
    private fixed byte _rest[16];
}

/// <summary><c>struct ethtool_value</c> (linux/ethtool.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ethtool_value
{
    public uint cmd;
    public uint data;
}
