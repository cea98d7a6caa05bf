using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Native;

// Structs of libc, 64-bit. A name that would hide a function of the same name begins with struct_.

/// <summary>The first field of <c>struct statfs</c> (sys/statfs.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct struct_statfs
{
    public long f_type;
    private fixed long _rest[14];
}

/// <summary><c>struct statx</c> (linux/stat.h). Unlike <c>struct stat</c>, it is the same on all architectures.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct struct_statx
{
    public uint stx_mask;
    public uint stx_blksize;
    public ulong stx_attributes;
    public uint stx_nlink;
    public uint stx_uid;
    public uint stx_gid;
    public ushort stx_mode;
    private readonly ushort _padding;
    public ulong stx_ino;
    public ulong stx_size;
    public ulong stx_blocks;
    public ulong stx_attributes_mask;
    public statx_timestamp stx_atime;
    public statx_timestamp stx_btime;
    public statx_timestamp stx_ctime;
    public statx_timestamp stx_mtime;
    public uint stx_rdev_major;
    public uint stx_rdev_minor;
    public uint stx_dev_major;
    public uint stx_dev_minor;
    private fixed ulong _rest[14];
}

/// <summary><c>struct statx_timestamp</c> (linux/stat.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct statx_timestamp
{
    public long tv_sec;
    public uint tv_nsec;
    private readonly int _reserved;
}

/// <summary><c>struct utsname</c> (sys/utsname.h). Each string ends with 0.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct struct_utsname
{
    public fixed byte sysname[65];
    public fixed byte nodename[65];
    public fixed byte release[65];
    public fixed byte version[65];
    public fixed byte machine[65];
    public fixed byte domainname[65];
}

#pragma warning disable CS8981 // the names of the C structs

/// <summary><c>struct pollfd</c> (poll.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct pollfd
{
    public int fd;
    public short events;
    public short revents;
}

/// <summary><c>struct timeval</c> (sys/time.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct timeval
{
    public long tv_sec;
    public long tv_usec;
}
