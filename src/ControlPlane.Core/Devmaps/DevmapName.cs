using System.Text.RegularExpressions;

namespace ControlPlane.Core.Devmaps;

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
