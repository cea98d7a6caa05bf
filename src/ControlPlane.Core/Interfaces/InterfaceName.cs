using System.Text;

namespace ControlPlane.Core.Interfaces;

/// <summary>The kernel's rule for names of interfaces (<c>dev_valid_name</c>).</summary>
public static class InterfaceName
{
    /// <summary>Longest name in bytes of UTF-8: <c>IFNAMSIZ</c> - 1.</summary>
    public const int MaxBytes = 15;

    /// <summary>The loopback interface of every network namespace (<c>loopback_net_init</c>).</summary>
    public const string Loopback = "lo";

    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "must be 1 to 15 bytes without white space, '/' or ':', and not '.' or '..'";

    /// <summary>Whether the kernel would take the name.</summary>
    public static bool IsValid(string? name) =>
        name is not (null or "" or "." or "..")
        && Encoding.UTF8.GetByteCount(name) <= MaxBytes
        && !name.Any(c => c is '/' or ':' || char.IsWhiteSpace(c) || char.IsControl(c));
}
