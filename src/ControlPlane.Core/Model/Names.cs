using System.Text;
using System.Text.RegularExpressions;
using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>
/// The rule for names of devmaps. It is narrower than the kernel's for map names (<c>BPF_OBJ_NAME_LEN</c>, 15
/// characters) because the name is also a folder of bpffs, which refuses dots.
/// </summary>
public static partial class DevmapName
{
    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "must match [a-z][a-z0-9_]{0,14}";

    /// <summary>Whether the name keeps the rule.</summary>
    public static bool IsValid(string? name) => name is not null && Pattern().IsMatch(name);

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{0,14}\z")]
    private static partial Regex Pattern();
}

/// <summary>
/// The rule for names of interfaces. A name has up to 15 bytes (<c>dev_valid_name</c>) and an alternative name up to 127; requests take
/// either.
/// </summary>
public static class InterfaceName
{
    /// <summary>The longest name in bytes of UTF-8: <c>IFNAMSIZ</c> - 1.</summary>
    public const int MaxBytes = 15;

    /// <summary>The longest alternative name in bytes of UTF-8: <c>ALTIFNAMSIZ</c> - 1.</summary>
    public const int MaxAltBytes = 127;

    /// <summary>The loopback interface of every network namespace (<c>loopback_net_init</c>).</summary>
    public const string Loopback = "lo";

    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "must be 1 to 127 bytes without white space, '/' or ':', and not '.' or '..'";

    /// <summary>Adds a violation of <paramref name="field"/> if no interface can have the name and the field has none yet.</summary>
    public static void Validate(string? name, string field, Violations violations)
    {
        if (!IsValid(name) && !violations.Has(field))
            violations.Add(field, Rule);
    }

    /// <summary>Whether an interface can have the name, as its name or as an alternative name.</summary>
    public static bool IsValid(string? name) =>
        name is not (null or "" or "." or "..")
        && Encoding.UTF8.GetByteCount(name) <= MaxAltBytes
        && !name.Any(c => c is '/' or ':' || char.IsWhiteSpace(c) || char.IsControl(c));
}

/// <summary>The rule for names of egress programs, which are also folders of bpffs: no dots.</summary>
public static partial class ProgramName
{
    /// <summary>The rule in words, for messages.</summary>
    public const string Rule = "must match [a-z][a-z0-9_-]{0,62}";

    /// <summary>Whether the name keeps the rule.</summary>
    public static bool IsValid(string? name) => name is not null && Pattern().IsMatch(name);

    [GeneratedRegex(@"\A[a-z][a-z0-9_-]{0,62}\z")]
    private static partial Regex Pattern();
}
