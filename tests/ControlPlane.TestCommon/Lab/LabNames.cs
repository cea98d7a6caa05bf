using System.Globalization;

namespace ControlPlane.TestCommon.Lab;

/// <summary>Names that no other process on the machine and no other test of this one uses.</summary>
public static class LabNames
{
    /// <summary>The BPF file system, where pin roots lie.</summary>
    public const string Bpffs = "/sys/fs/bpf";

    private static int _last;

    /// <summary>The prefix of every name of this process.</summary>
    public static string Prefix { get; } = string.Create(CultureInfo.InvariantCulture, $"x{Environment.ProcessId:x}-");

    /// <summary>Returns the path of a new pin root. The folder does not exist yet.</summary>
    public static string NextPinRoot() => $"{Bpffs}/devmapd-test-{Next()}";

    /// <summary>A new name of at most 13 characters, so that a caller may add two.</summary>
    public static string Next() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Interlocked.Increment(ref _last):x}");
}
